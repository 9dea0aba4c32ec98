import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import type { Context } from "./context.ts";

/** Asks on the terminal; what is typed is not shown. Ctrl-C ends the process as always. */
export async function promptSecret(question: string, { stdin, err }: Context): Promise<string> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: stdin, output: unseen, terminal: true });
  terminal.on("SIGINT", () => {
    err.write("\n");
    process.kill(process.pid, "SIGINT");
  });
  try {
    err.write(question);
    return await terminal.question("");
  } finally {
    terminal.close();
    err.write("\n");
  }
}
