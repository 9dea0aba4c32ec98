import { attemptErrorSchema, attemptRefSchema, BRING_UP_STATES, guestOsSchema } from "@tartfleet/shared";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Log } from "../log.ts";
import { ownAttempt, STAGES, type Entry } from "../reconcile/instance.ts";
import { writeFileDurably } from "./durable-file.ts";
import type { Journal } from "./journal.ts";

const entrySchema: z.ZodType<Entry> = attemptRefSchema.extend({
  stage: z.enum(STAGES),
  os: guestOsSchema.nullable(),
  imageDigest: z.string().nullable(),
  ip: z.string().nullable(),
  run: z.object({ pid: z.int(), startedAt: z.string() }).nullable(),
  bootedAt: z.number().nullable(),
  failure: z.object({ phase: z.enum(BRING_UP_STATES), error: attemptErrorSchema }).nullable(),
});

const SUFFIX = ".json";

/** A journal of one small file per instance, each replaced in one step. */
export function fileJournal(folder: string, log: Log): Journal {
  const pathOf = (name: string) => join(folder, `${name}${SUFFIX}`);
  return {
    async load() {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const entries = new Map<string, Entry>();
      for (const file of await readdir(folder)) {
        const name = file.slice(0, -SUFFIX.length);
        if (!file.endsWith(SUFFIX) || !ownAttempt(name)) continue;
        const parsed = entrySchema.safeParse(parseJson(await readFile(pathOf(name), "utf8")));
        if (parsed.success) {
          entries.set(name, parsed.data);
          continue;
        }
        // The look at the host and the run's log tell what to do with an instance without a journal.
        log.error({ instance: name }, "a journal entry cannot be read and was set aside");
        await rename(pathOf(name), `${pathOf(name)}.unreadable`);
      }
      return entries;
    },
    save: (name, entry) => writeFileDurably(pathOf(name), JSON.stringify(entry)),
    remove: (name) => rm(pathOf(name), { force: true }),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
