import { randomUUID } from "node:crypto";
import { Transform, type Readable, type Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { TerminalSize, TunnelFailure } from "@tartfleet/shared";
import { failed, ok, type Result } from "../tart/result.ts";
import type { AttachingTart } from "../tart/tart.ts";
import { classOf } from "./exec-guest.ts";
import { makeProofReader } from "./proof.ts";

/** A command in a guest whose streams somebody holds. */
export interface GuestProcess {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** Of its terminal, where it has one. */
  resize?(size: TerminalSize): void;
  /** Its exit code. Settles once its output was read to the end; never rejects. */
  ended: Promise<Result<number, TunnelFailure>>;
}

/**
 * Runs the program itself, found by PATH, and then says on stderr how it ended: tart's own exit 1 and the program's look
 * alike. In a shell of its own, so that a program that is not there has the shell's usual exit codes, 127 and 126.
 */
const RUN_AND_PROVE = `(exec -- "\${@:2}"); code=$?; printf '\\n%s %s\\n' "$1" "$code" >&2; exit "$code"`;

/** `newToken` makes proofs that no output holds by chance. */
export async function attachByExec(
  tart: Pick<AttachingTart, "attach">,
  name: string,
  argv: readonly string[],
  signal: AbortSignal,
  newToken: () => string = randomUUID,
): Promise<GuestProcess> {
  const token = newToken();
  const wrapped = ["/bin/bash", "-c", RUN_AND_PROVE, "tartfleet", token, ...argv];
  const { stdin, stdout, stderr, suspicion } = await tart.attach(name, wrapped, signal);
  const proof = makeProofReader(token);
  let tail = "";
  const said = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const passed = proof.push(chunk);
      tail = (tail + Buffer.from(passed).toString()).slice(-TAIL_CHARACTERS);
      done(null, passed);
    },
    flush: (done) => done(null, proof.rest()),
  });
  stderr.pipe(said);
  const wholly = finished(said).catch(() => undefined);
  async function end(): Promise<Result<number, TunnelFailure>> {
    await wholly;
    const exitCode = proof.exitCode();
    if (exitCode !== undefined) return ok(exitCode);
    const failure = await suspicion(() => tail);
    return failed({ code: FAILURES[classOf(failure)] ?? "outcome_unknown", message: failure.message });
  }
  return { stdin, stdout, stderr: said, ended: end() };
}

/** By which a failure of tart's own is told. */
const TAIL_CHARACTERS = 4096;

const FAILURES: Partial<Record<ReturnType<typeof classOf>, TunnelFailure["code"]>> = {
  unreachable: "guest_unreachable",
  refused: "command_unknown",
};
