import { createHash } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeFileDurably } from "../journal/durable-file.ts";
import { AgentStop } from "../process/exit.ts";
import type { Mac } from "./mac.ts";

import { nameOf, type State, type Thing } from "./things/thing.ts";

/** Where an install remembers what was before it, for root alone. */
const MEMORY = "/var/db/tartfleet";

const thing = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("folder"), path: z.string(), tree: z.boolean() }),
  z.strictObject({ kind: z.literal("file"), path: z.string(), hidden: z.boolean() }),
  z.strictObject({ kind: z.literal("link"), path: z.string() }),
  z.strictObject({ kind: z.literal("bundle"), path: z.string() }),
  z.strictObject({ kind: z.literal("default"), path: z.string(), key: z.string() }),
  z.strictObject({ kind: z.literal("power"), source: z.string(), name: z.string() }),
  z.strictObject({ kind: z.literal("keychain"), user: z.string(), uid: z.number() }),
  z.strictObject({ kind: z.literal("job"), domain: z.string(), label: z.string(), path: z.string() }),
]);

const entry = z.strictObject({
  thing,
  /** How it was before the first install. What was in a file lies beside this one, as it was. */
  before: z.union([z.string(), z.null(), z.strictObject({ kept: z.string() })]),
  /** What installs have made of it, where somebody else may change it as well. */
  made: z.array(z.string()),
});
const memory = z.strictObject({ version: z.literal(1), entries: z.array(entry) });

/** A thing that an install has changed. */
export interface Remembered {
  thing: Thing;
  before: State;
  made: readonly string[];
}

/** @throws AgentStop when it makes no sense */
export async function recall(mac: Mac): Promise<Remembered[]> {
  const path = mac.at(join(MEMORY, "install.json"));
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new AgentStop("files", `what an earlier install remembers cannot be read: ${String(error)}`);
  });
  if (text === undefined) return [];
  const parsed = memory.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new AgentStop(
      "files",
      `${path} is damaged; move it away, and restore by hand what must be restored`,
    );
  }
  return Promise.all(
    parsed.data.entries.map(async ({ thing, before, made }) => ({
      thing,
      made,
      before:
        typeof before === "object" && before !== null
          ? await readFile(mac.at(join(MEMORY, before.kept)), "utf8")
          : before,
    })),
  );
}

/** Resolves when it survives a power loss. Nothing may be changed before that. */
export async function remember(mac: Mac, things: readonly Remembered[]): Promise<void> {
  await mkdir(mac.at(MEMORY), { recursive: true, mode: 0o700 });
  const entries: z.input<typeof entry>[] = [];
  for (const { thing, before, made } of things) {
    const isKept = thing.kind === "file" && before !== null;
    const kept = `before-${createHash("sha256").update(nameOf(thing)).digest("hex").slice(0, 16)}`;
    if (isKept) await writeFileDurably(mac.at(join(MEMORY, kept)), before);
    entries.push({ thing, made: [...made], before: isKept ? { kept } : before });
  }
  const text = `${JSON.stringify({ version: 1, entries } satisfies z.input<typeof memory>, null, 2)}\n`;
  await writeFileDurably(mac.at(join(MEMORY, "install.json")), text);
}

/** When there is nothing left to remember. */
export async function forget(mac: Mac): Promise<void> {
  await rm(mac.at(MEMORY), { recursive: true, force: true });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
