import { execa } from "execa";
import type { Readable } from "node:stream";
import type { GuestProcess } from "../guest/guest-process.ts";
import { startCommand } from "./exec.ts";
import type { Serve, Served, TunnelParts } from "./serve.ts";

/** What was printed before, at most. */
const BYTES = 65_536;
/** Two looks at a guest that does not answer yet must be this far apart (tart-contract §7). */
const PAUSE_MS = 2000;

/** The runner's output is kept in two files: what supervise.sh cut off is in the first. */
const SHOW = `cat ~/.tartfleet/output.old ~/.tartfleet/output.log 2>/dev/null | tail -c ${BYTES}`;
const FOLLOW = `until [ -e ~/.tartfleet/output.log ]; do sleep 1; done; exec tail -c ${BYTES} -F ~/.tartfleet/output.log 2>/dev/null`;

/** What `tart run` printed on the host, as error output, and what the runner prints in the guest, as output. */
export const serveLogs: Serve = async (served, parts) => {
  const { end, open } = served;
  const follow = open.follow === true;
  await end.send({ kind: "opened" });
  await Promise.all([runLog(served, parts, follow), runnerLog(served, parts, follow)]);
  await end.send({ kind: "output_end" });
};

/** Cut off by `tail` at its end, or when the tunnel is over. */
async function runLog({ end, name, signal }: Served, { runLogs }: TunnelParts, follow: boolean) {
  const args = ["-c", String(BYTES), ...(follow ? ["-F"] : []), runLogs.path(name)];
  const child = execa("tail", args, {
    reject: false,
    buffer: false,
    stdin: "ignore",
    stderr: "ignore",
    cancelSignal: signal,
  });
  await end.carry("error_output", child.stdout);
  await child;
}

async function runnerLog(served: Served, parts: TunnelParts, follow: boolean): Promise<void> {
  const argv = ["/bin/bash", "-c", follow ? FOLLOW : SHOW];
  const guest = await reach(served, parts, argv, follow);
  if (!guest) return;
  discard(guest.stderr);
  guest.stdin.end();
  await served.end.carry("output", guest.stdout);
}

/** A guest that does not answer yet has printed nothing; whoever follows waits for it. */
async function reach(
  served: Served,
  parts: TunnelParts,
  argv: readonly string[],
  follow: boolean,
): Promise<GuestProcess | undefined> {
  for (;;) {
    const started = await startCommand(served, parts, { argv });
    if (started.ok) return started.value;
    if (!follow || served.signal.aborted) return undefined;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

function discard(stream: Readable): void {
  stream.on("error", () => {}).resume();
}
