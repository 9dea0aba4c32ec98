import { readFileSync } from "node:fs";
import { parseConfig } from "./config-file.ts";

export interface CurlOptions {
  url: string | undefined;
  method: string | undefined;
  /** As given: `Name: value`, `Name:` to leave one out, `Name;` for an empty one. */
  headers: string[];
  /** Pieces of the body, to be joined by `&`. */
  data: string[];
  /** The data belongs into the URL. */
  get: boolean;
  head: boolean;
  output: string | undefined;
  writeOut: string;
  fail: boolean;
  silent: boolean;
  showError: boolean;
  location: boolean;
  connectTimeoutMs: number | undefined;
  maxTimeMs: number | undefined;
  /** Authorities to trust instead of the system's, in PEM. */
  cacert: string | undefined;
  insecure: boolean;
}

/** curl's own number and words for what went wrong. */
export class CurlFailure extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Reads a file, or stdin by the name `-`. */
export type ReadInput = (name: string) => string;

const shortNames: Readonly<Record<string, string>> = {
  s: "silent",
  S: "show-error",
  f: "fail",
  o: "output",
  w: "write-out",
  X: "request",
  H: "header",
  m: "max-time",
  d: "data",
  G: "get",
  I: "head",
  K: "config",
  L: "location",
  k: "insecure",
};

type Setter = (options: CurlOptions, value: string, read: ReadInput) => void;

const flags: Readonly<Record<string, (options: CurlOptions) => void>> = {
  silent: (options) => (options.silent = true),
  "show-error": (options) => (options.showError = true),
  fail: (options) => (options.fail = true),
  get: (options) => (options.get = true),
  head: (options) => (options.head = true),
  location: (options) => (options.location = true),
  insecure: (options) => (options.insecure = true),
  compressed: () => {},
};

const settings: Readonly<Record<string, Setter>> = {
  url: (options, value) => (options.url = value),
  output: (options, value) => (options.output = value),
  "write-out": (options, value) => (options.writeOut = value),
  request: (options, value) => (options.method = value),
  header: (options, value, read) => {
    const lines = value.startsWith("@") ? read(value.slice(1)).split(/\r?\n/) : [value];
    options.headers.push(...lines.filter((line) => line !== ""));
  },
  "connect-timeout": (options, value) => (options.connectTimeoutMs = seconds(value)),
  "max-time": (options, value) => (options.maxTimeMs = seconds(value)),
  data: (options, value, read) =>
    options.data.push(value.startsWith("@") ? read(value.slice(1)).replaceAll(/[\r\n]/g, "") : value),
  "data-raw": (options, value) => options.data.push(value),
  "data-binary": (options, value, read) =>
    options.data.push(value.startsWith("@") ? read(value.slice(1)) : value),
  "data-urlencode": (options, value, read) => options.data.push(urlEncoded(value, read)),
  cacert: (options, value) => (options.cacert = readAuthority(value)),
  config: (options, value, read) => {
    for (const { name, value: given } of parseConfig(read(value))) set(options, name, given, read);
  },
  // Tries of its own would only hide what the script does.
  retry: () => {},
};

/** Reads curl's arguments; strict: what is not supported is an error, as an unknown option is to curl. */
export function parseArguments(argv: readonly string[], read: ReadInput = readInput): CurlOptions {
  const options: CurlOptions = {
    url: undefined,
    method: undefined,
    headers: [],
    data: [],
    get: false,
    head: false,
    output: undefined,
    writeOut: "",
    fail: false,
    silent: false,
    showError: false,
    location: false,
    connectTimeoutMs: undefined,
    maxTimeMs: undefined,
    cacert: undefined,
    insecure: false,
  };
  const rest = [...argv];
  const next = (option: string): string => {
    const value = rest.shift();
    if (value === undefined) throw new CurlFailure(2, `option ${option}: requires parameter`);
    return value;
  };
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word.startsWith("--")) {
      const name = word.slice(2);
      set(options, name, name in settings ? next(word) : undefined, read);
    } else if (word.startsWith("-") && word !== "-") {
      takeShort(options, word.slice(1), next, read);
    } else {
      options.url = word;
    }
  }
  return options;
}

/** `-sSf`, `-o file`, `-ofile`, `-sSofile`. */
function takeShort(
  options: CurlOptions,
  letters: string,
  next: (option: string) => string,
  read: ReadInput,
): void {
  for (let at = 0; at < letters.length; at += 1) {
    const letter = letters.charAt(at);
    const name = shortNames[letter] ?? letter;
    if (!(name in settings)) {
      set(options, name, undefined, read);
      continue;
    }
    const attached = letters.slice(at + 1);
    set(options, name, attached === "" ? next(`-${letter}`) : attached, read);
    return;
  }
}

function set(options: CurlOptions, given: string, value: string | undefined, read: ReadInput): void {
  const name = given.length === 1 ? (shortNames[given] ?? given) : given;
  const flag = flags[name];
  const setting = settings[name];
  if (flag !== undefined) flag(options);
  else if (setting !== undefined && value !== undefined) setting(options, value, read);
  else
    throw new CurlFailure(
      2,
      `option ${given.length === 1 ? "-" : "--"}${given}: is unknown to tart-sim's curl`,
    );
}

/** `content`, `=content`, `name=content`, `@file`, `name@file`. */
function urlEncoded(value: string, read: ReadInput): string {
  const [, name = "", sign, content = ""] = /^([^=@]*)([=@])([\s\S]*)$/.exec(value) ?? [];
  if (sign === undefined) return encode(value);
  const encoded = encode(sign === "@" ? read(content) : content);
  return name === "" ? encoded : `${name}=${encoded}`;
}

/** curl leaves only unreserved characters alone, and writes a space as forms do. */
const encode = (text: string): string =>
  encodeURIComponent(text)
    .replaceAll("%20", "+")
    .replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const seconds = (value: string): number => {
  const number = Number(value);
  if (Number.isNaN(number)) throw new CurlFailure(2, `expected a number of seconds, not "${value}"`);
  return number * 1000;
};

function readAuthority(name: string): string {
  try {
    return readFileSync(name, "utf8");
  } catch {
    throw new CurlFailure(77, `error setting certificate verify locations:  CAfile: ${name}`);
  }
}

function readInput(name: string): string {
  try {
    return readFileSync(name === "-" ? 0 : name, "utf8");
  } catch {
    throw new CurlFailure(26, `Failed to open ${name}`);
  }
}
