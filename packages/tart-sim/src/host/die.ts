import { writeSync } from "node:fs";

/** Ends this process by a signal's default action, after a last word on stderr. */
export function dieBySignal(signal: NodeJS.Signals, lastWord?: string): Promise<never> {
  if (lastWord !== undefined) writeSync(2, `${lastWord}\n`);
  // Node ignores SIGPIPE and the command may listen for others: taking the last listener away
  // gives a signal its default action back.
  process.on(signal, ignore);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  return new Promise(() => {
    setInterval(ignore, 1000);
  });
}

const ignore = (): void => {};
