/**
 * Takes the proof out of a stream: the line that a command's wrapper prints when the command has ended, with its exit
 * code. Everything else goes through at once, but for what may yet become the proof.
 */
interface ProofReader {
  /** What of it may be passed on. */
  push(chunk: Uint8Array): Uint8Array;
  /** At the stream's end: what was held back and is no proof. */
  rest(): Uint8Array;
  /** As the proof says; undefined while it was not seen. */
  exitCode(): number | undefined;
}

/** The longest exit code, and the end of the line. */
const MOST_DIGITS = 4;

/** @param token of this command alone: it stands between the line's start and the exit code */
export function makeProofReader(token: string): ProofReader {
  const mark = Buffer.from(`\n${token} `);
  let held = Buffer.alloc(0);
  let code: number | undefined;

  /** How much at the end of the held bytes may be the beginning of the mark. */
  function begun(): number {
    for (let length = Math.min(mark.length - 1, held.length); length > 0; length -= 1) {
      if (held.subarray(held.length - length).equals(mark.subarray(0, length))) return length;
    }
    return 0;
  }

  function release(bytes: number): Buffer {
    const out = held.subarray(0, bytes);
    held = held.subarray(bytes);
    return out;
  }

  return {
    push(chunk) {
      if (code !== undefined) return chunk;
      held = Buffer.concat([held, chunk]);
      const passed: Buffer[] = [];
      for (;;) {
        const at = held.indexOf(mark);
        if (at === -1) {
          passed.push(release(held.length - begun()));
          return Buffer.concat(passed);
        }
        passed.push(release(at));
        const line = held.subarray(mark.length, mark.length + MOST_DIGITS);
        const end = line.indexOf("\n");
        if (end === -1 && line.length < MOST_DIGITS) return Buffer.concat(passed);
        const digits = end === -1 ? "" : line.subarray(0, end).toString();
        if (/^\d{1,3}$/.test(digits)) {
          code = Number(digits);
          held = held.subarray(mark.length + end + 1);
          passed.push(release(held.length));
          return Buffer.concat(passed);
        }
        // Printed by something else: everything in the guest can know the token.
        passed.push(release(1));
      }
    },
    rest: () => release(held.length),
    exitCode: () => code,
  };
}
