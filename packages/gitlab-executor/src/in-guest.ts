import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { PassThrough, Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { TartfleetError } from "@tartfleet/client/node";
import { StageFailure } from "./failure.ts";
import type { Stage } from "./stages.ts";

/** What runs in the guest (guest/run.sh); it holds no secrets, so that it may stand in a process list. */
const GUEST = readFileSync(new URL("../guest/run.sh", import.meta.url), "utf8");

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
const STOP_MS = 15_000;

/** Ways in which a tunnel ends while the VM may well go on; the script goes on there, and is asked for again. */
const PASSES = new Set<string>([
  "agent_left",
  "connection_lost",
  "guest_unreachable",
  "host_silent",
  "idle",
  "outcome_unknown",
  "restarting",
  "too_long",
]);

/**
 * Runs a script in the guest once, and gives its output as it comes. The script outlives the connection: after a cut it
 * is asked for again, from where its output broke off.
 *
 * @returns its exit code
 * @throws StageFailure when what became of it cannot be told; TartfleetError; the reason of the stage's signal, once
 *   the script was ended
 */
export async function runInGuest(stage: Stage, vmId: string, script: Buffer): Promise<number> {
  const run = { id: randomUUID(), vmId, script, shown: 0 };
  try {
    return await untilItsEnd(stage, run);
  } catch (error) {
    if (stage.signal.aborted) await stopInGuest(stage, run);
    throw error;
  }
}

interface Run {
  id: string;
  vmId: string;
  script: Buffer;
  /** Bytes of its output that this process has given. */
  shown: number;
}

async function untilItsEnd(stage: Stage, run: Run): Promise<number> {
  const { client, settings, signal, clock, say } = stage;
  const patienceMs = settings.patienceSeconds * 1000;
  let lostAt: number | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const reached = () => {
      lostAt = undefined;
      pauseMs = FIRST_PAUSE_MS;
    };
    try {
      const said = await follow(stage, run, reached);
      const code = /^exit (?<code>\d+)$/m.exec(said)?.groups?.["code"];
      if (code !== undefined) return Number(code);
      // Not all of the script came: the next time it will.
      if (!/^cut$/m.test(said)) throw lost(run, said);
    } catch (error) {
      if (!(error instanceof TartfleetError) || !(error.isTransient || PASSES.has(error.code))) throw error;
      lostAt ??= clock.now();
      if (clock.now() - lostAt >= patienceMs) throw error;
      if (error.code !== "idle")
        say(`The way to the VM is interrupted (${error.code}); the job goes on there.`);
    }
    await clock.pause(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    const { end } = await client.getVm(run.vmId, { signal, retryForMs: patienceMs });
    if (end !== null) throw new StageFailure("ours", `The job's VM ${run.vmId} ended: ${end.message}`);
  }
}

/** One connection's part of the output; answers with what the guest's end said aside. */
async function follow(
  { client, stdout: output, signal }: Stage,
  run: Run,
  reached: () => void,
): Promise<string> {
  const { id, vmId, script, shown } = run;
  const aside = new PassThrough().once("data", reached);
  const said = text(aside);
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      run.shown += chunk.length;
      output.write(chunk, () => done());
    },
  });
  try {
    const argv = ["/bin/bash", "-c", GUEST, "tartfleet", "run", id, String(script.length), String(shown)];
    await client.exec(vmId, argv, { stdin: Readable.from([script]), stdout, stderr: aside, signal });
  } finally {
    aside.end();
  }
  return said;
}

/** Within a bound: the clean-up takes the whole VM. */
async function stopInGuest({ client }: Stage, { id, vmId }: Run): Promise<void> {
  const argv = ["/bin/bash", "-c", GUEST, "tartfleet", "stop", id];
  const stdout = new PassThrough().resume();
  await client.exec(vmId, argv, { stdout, signal: AbortSignal.timeout(STOP_MS) }).catch(() => {});
}

function lost({ vmId }: Run, said: string): StageFailure {
  const why = said.includes("lost") ? "its process is gone without an exit code" : said.trim().slice(-500);
  return new StageFailure("ours", `What became of the script in VM ${vmId} is not known: ${why}`);
}
