import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type Bench, makeBench, until } from "../../src/conformance/bench.ts";
import { dialAgent } from "../../src/control/client.ts";
import { makeSimHost, type SimHost, type SimHostOptions } from "../../src/index.ts";

export const mac = "registry.example.com/test/mac:1";
export const linux = "registry.example.com/test/linux:1";
export const closed = "registry.example.com/test/closed:1";

/** Images small enough to be pulled in no time. */
export const images = [
  { name: "registry.example.com/test/mac", tags: ["1"], compressedGB: 1 },
  { name: "registry.example.com/test/linux", tags: ["1"], os: "linux", compressedGB: 1 },
  {
    name: "registry.example.com/test/closed",
    tags: ["1"],
    compressedGB: 1,
    auth: { username: "ci", password: "secret" },
  },
] as const;

const speed = 1000;

export interface SimBench extends Bench, AsyncDisposable {
  host: SimHost;
  /** A second bench on the same simulated Mac, with a TART_HOME of its own. */
  otherHome(): Promise<Bench>;
}

/** A simulated Mac for one test; nothing of it is left afterwards. */
export async function simBench(options: Partial<Omit<SimHostOptions, "dir">> = {}): Promise<SimBench> {
  const dir = mkdtempSync(join(tmpdir(), "tart-sim-"));
  const host = await makeSimHost({ speed, engine: "process", images, cached: [mac], ...options, dir });
  open.add(host);
  const env = { ...host.env, CI: "1" };
  const input = { image: mac, speed: options.speed ?? speed, prefix: "vm" };
  const bench = await makeBench({ ...input, env, home: host.tartHome });
  return {
    ...bench,
    ...watching(host, bench),
    host,
    otherHome: () => {
      const home = join(dir, "other-home");
      return makeBench({ ...input, env: { ...env, TART_HOME: home }, home, prefix: "other" });
    },
    [Symbol.asyncDispose]: () => remove(host),
  };
}

/** The waiting of a bench without a process per look; the suites would take twice as long. */
function watching(host: SimHost, { startRun }: Bench): Pick<Bench, "run" | "untilAgentAnswers"> {
  return {
    async run(name, flags = []) {
      const run = startRun(["run", "--no-graphics", ...flags, name]);
      await until(`${name} to run`, () => host.running().includes(name));
      return run;
    },
    untilAgentAnswers: (name) =>
      until(`the guest agent of ${name}`, async () => {
        const directory = join(host.tartHome, "vms", name);
        const socket = await dialAgent(directory, new AbortController().signal);
        socket?.destroy();
        return socket !== undefined;
      }),
  };
}

const open = new Set<SimHost>();

async function remove(host: SimHost): Promise<void> {
  await host.killAll();
  // What a killed guest still has open may be written to while it is removed.
  await rm(host.dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  open.delete(host);
}

// A test that ran out of time did not come to its own end.
afterAll(async () => {
  for (const host of open) await remove(host);
});
