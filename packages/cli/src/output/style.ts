import picocolors from "picocolors";

export type Colors = ReturnType<typeof picocolors.createColors>;

/** How text may look where it goes to. */
export interface Style {
  colors: Colors;
  /** Columns of the terminal; Infinity where it is no terminal, so that nothing is cut. */
  width: number;
  /** A person looks at it: control characters must not reach the terminal. */
  terminal: boolean;
  /** Milliseconds since 1970, for ages. */
  now: number;
}

/** Colours and a width for terminals alone; `NO_COLOR` (any value) and `TERM=dumb` switch colours off. */
export function styleOf(
  stream: { isTTY?: boolean; columns?: number },
  env: NodeJS.ProcessEnv,
  now: number,
): Style {
  const terminal = stream.isTTY === true;
  const coloured = terminal && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  return {
    colors: picocolors.createColors(coloured),
    width: terminal && stream.columns ? stream.columns : Number.POSITIVE_INFINITY,
    terminal,
    now,
  };
}
