import { rm } from "node:fs/promises";
import { build, parse, type PlistValue } from "plist";
import { AgentStop } from "../../process/exit.ts";
import { act, type Mac, type Words } from "../mac.ts";
import { statsOf } from "./files.ts";
import type { Handle, State, Thing } from "./thing.ts";

type Default = Extract<Thing, { kind: "default" }>;

/** There is not even the file. */
const NO_FILE = "no file";

/** A value as the text that states are, the same for the same value: macOS sorts dictionaries as it likes. */
export const defaultState = (value: PlistValue): string => build(sorted(value), { pretty: false });

function sorted(value: PlistValue): PlistValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isDictionary(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key] ?? null)]));
}

/** The value of such a text; undefined when there is none. */
export const valueOf = (state: State): PlistValue | undefined =>
  state === null || state === NO_FILE ? undefined : parse(state);

/** A key of a file of settings below a Library, by defaults(1), behind whose back macOS keeps them in memory. */
export function aDefault(thing: Default): Handle {
  const { path, key } = thing;
  return {
    async look(mac) {
      if (!(await statsOf(`${mac.at(path)}.plist`))) return NO_FILE;
      const value = (await all(mac, path))[key];
      return value === undefined ? null : defaultState(value);
    },
    async put(mac, to) {
      await act(mac, command(mac.at(path), key, to));
      const isOurFile = to === NO_FILE && Object.keys(await all(mac, path)).length === 0;
      if (isOurFile) await rm(`${mac.at(path)}.plist`, { force: true });
    },
    show: (from, to) => [
      `${shown(from)} → ${shown(to)}`,
      `$ ${command(path, key, to).map(quoted).join(" ")}`,
    ],
  };
}

async function all(mac: Mac, path: string): Promise<Record<string, PlistValue>> {
  const value = parse(await act(mac, ["defaults", "export", mac.at(path), "-"]));
  if (isDictionary(value)) return value;
  throw new AgentStop(
    "system",
    `the settings in ${path}.plist cannot be read; look at them by plutil -p ${path}.plist`,
  );
}

function command(path: string, key: string, to: State): Words {
  const value = valueOf(to);
  return value === undefined
    ? ["defaults", "delete", path, key]
    : ["defaults", "write", path, key, ...typed(value)];
}

/** In defaults' own words where it has some, else as a property list. */
function typed(value: PlistValue): string[] {
  const one = scalar(value);
  if (one) return one;
  if (Array.isArray(value) && value.every((each) => typeof each === "string" && !each.startsWith("-"))) {
    return ["-array", ...value.map(String)];
  }
  if (isDictionary(value)) {
    const entries = Object.entries(value).map(([key, each]) => [key, scalar(each)] as const);
    if (entries.every(([key, words]) => words !== undefined && !key.startsWith("-"))) {
      return ["-dict", ...entries.flatMap(([key, words = []]) => [key, ...words])];
    }
  }
  return [/<plist[^>]*>([^]*)<\/plist>/.exec(defaultState(value))?.[1]?.trim() ?? ""];
}

/** Settings by name. */
export function isDictionary(value: PlistValue): value is Record<string, PlistValue> {
  const isOther = Array.isArray(value) || value instanceof Date || value instanceof Uint8Array;
  return typeof value === "object" && value !== null && !isOther;
}

function scalar(value: PlistValue): string[] | undefined {
  if (typeof value === "string") return ["-string", value];
  if (typeof value === "boolean") return ["-bool", String(value)];
  if (typeof value === "number" && Number.isInteger(value)) return ["-int", String(value)];
  return undefined;
}

const shown = (state: State) => {
  const value = valueOf(state);
  return value === undefined ? "(not set)" : JSON.stringify(value);
};
const quoted = (word: string) => (/^[\w./:@%+,=-]+$/.test(word) ? word : `'${word}'`);
