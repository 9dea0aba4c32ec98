import { z } from "zod";

const SHOWN = "[secret]";

/**
 * A text that shows itself to nobody: whoever prints, logs or serialises what holds it gets `[secret]`. It is
 * revealed where it is sealed, put on the wire, or written to a guest's stdin.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return SHOWN;
  }
}

/** The same with every secret in it as its text. */
export type Revealed<T> = T extends Secret
  ? string
  : T extends object
    ? { [Key in keyof T]: Revealed<T[Key]> }
    : T;

/** Plain data as it goes on the wire or is sealed: with every secret in it as its text. */
export function reveal<T>(value: T): Revealed<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type says what `revealed` does
  return revealed(value) as Revealed<T>;
}

function revealed(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, revealed(part)]));
}

/** A field whose text is a secret: on the wire a string, parsed a `Secret`. */
export function secret(text: z.ZodType<string, string>) {
  return text.transform((given) => new Secret(given)).meta({ format: "password", writeOnly: true });
}

/** A new token in the one answer that shows it: text, for whoever asked for it to keep or to print. */
export const shownOnce = z.string().meta({ format: "password" });
