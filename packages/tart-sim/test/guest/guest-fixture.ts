import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { GuestEngine, GuestExit, GuestSpec, RunningGuest } from "../../src/guest/engine.ts";
import { writeDefaultImage } from "../../src/guest/image.ts";
import { insideLab } from "./available-engines.ts";

export interface TestGuest extends AsyncDisposable {
  guest: RunningGuest;
  spec: GuestSpec;
}

let lastAddress = 0;

/** A disk with the default image in a directory of its own. */
export async function makeSpec(overrides: Partial<GuestSpec> = {}): Promise<GuestSpec & AsyncDisposable> {
  const dir = await mkdtemp(path.join(tmpdir(), "tart-sim-guest-"));
  lastAddress += 1;
  const spec: GuestSpec = {
    name: `tf-${randomUUID().slice(0, 8)}`,
    diskDir: path.join(dir, "disk"),
    os: "darwin",
    ip: insideLab
      ? `192.168.64.${((((process.pid % 6) + 1) * 40 + lastAddress) % 250) + 2}`
      : `127.${(process.pid % 200) + 20}.${process.pid % 250}.${lastAddress}`,
    hostDir: dir,
    ...overrides,
  };
  await writeDefaultImage(spec.diskDir, { os: spec.os });
  return {
    ...spec,
    [Symbol.asyncDispose]: async () => rm(dir, { recursive: true, force: true }),
  };
}

export async function startGuest(
  engine: GuestEngine,
  overrides: Partial<GuestSpec> = {},
): Promise<TestGuest> {
  const spec = await makeSpec(overrides);
  const guest = await engine.start(spec);
  return {
    guest,
    spec,
    [Symbol.asyncDispose]: async () => {
      await guest.powerOff();
      await spec[Symbol.asyncDispose]();
    },
  };
}

export interface Outcome {
  exit: GuestExit;
  stdout: string;
  stderr: string;
}

/** A stream that keeps what is written to it. */
export function collect(): Writable & { text: () => string; bytes: () => Buffer } {
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  const bytes = (): Buffer => Buffer.concat(chunks);
  return Object.assign(sink, { bytes, text: () => bytes().toString() });
}

export async function run(
  guest: RunningGuest,
  argv: [string, ...string[]],
  options: { stdin?: string | Readable; signal?: AbortSignal } = {},
): Promise<Outcome> {
  const stdout = collect();
  const stderr = collect();
  const { stdin } = options;
  const exit = await guest.exec({
    argv,
    stdin:
      stdin === undefined ? null : typeof stdin === "string" ? Readable.from([Buffer.from(stdin)]) : stdin,
    stdout,
    stderr,
    signal: options.signal ?? new AbortController().signal,
  });
  return { exit, stdout: stdout.text(), stderr: stderr.text() };
}

export const shell = async (guest: RunningGuest, script: string): Promise<Outcome> =>
  run(guest, ["/bin/sh", "-c", script]);

/** Processes of this machine whose command line holds `text`. */
export function processesNaming(text: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}

export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`never came true: ${what}`);
    await delay(10);
  }
}

/** An argument for `sleep` that no other process has. */
export const uniqueSeconds = (): string =>
  `${4000 + Math.floor(Math.random() * 1000)}.${randomUUID().replaceAll(/\D/g, "")}`;
