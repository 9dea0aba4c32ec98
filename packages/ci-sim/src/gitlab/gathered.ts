import { PassThrough } from "node:stream";

export type Gathered = ReturnType<typeof gathered>;

/** A stream whose text can be looked at while it comes. */
export function gathered() {
  let all = "";
  const stream = new PassThrough({ encoding: "utf8" });
  stream.on("data", (text: string) => (all += text));
  return {
    stream,
    text: () => all,
    /** Resolves when it holds that. */
    shown: (text: string) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!all.includes(text)) return;
          stream.off("data", look);
          resolve();
        };
        stream.on("data", look);
        look();
      }),
  };
}
