/**
 * What became of a question to the system.
 *
 * exited: with this code; null when it was killed or could not be run to its end · missing: there is no such
 * command here · silent: it did not answer in time
 */
export type Said =
  | { kind: "exited"; code: number | null; stdout: string; stderr: string }
  | { kind: "missing" }
  | { kind: "silent" };

/** Why nothing can be read from it. */
export function notSaid(command: string, said: Said): string {
  if (said.kind === "missing") return `There is no ${command} here to ask.`;
  if (said.kind === "silent") return `${command} did not answer.`;
  if (said.code === 0) return `${command} said nothing that makes sense.`;
  return said.code === null ? `${command} was cut off.` : `${command} failed (exit code ${said.code}).`;
}
