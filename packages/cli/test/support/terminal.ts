import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { until } from "./run.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.mjs", import.meta.url));

/** util-linux's `script` gives a program a terminal; the one of macOS is another program. */
export const hasTerminals = spawnSync("script", ["--version"]).stdout?.includes("util-linux") ?? false;

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

interface TerminalOptions {
  columns?: number;
  rows?: number;
}

/** The real `tartfleet` on a terminal of its own, of that size. */
export function startOnTerminal(
  args: readonly string[],
  env: Record<string, string>,
  size: TerminalOptions = {},
) {
  return startProgramOnTerminal([process.execPath, MAIN, ...args], env, size);
}

/** Any program. */
export function startProgramOnTerminal(
  argv: readonly string[],
  env: Record<string, string>,
  { columns = 100, rows = 30 }: TerminalOptions = {},
) {
  const command = argv.map(quoted).join(" ");
  const child = spawn(
    "script",
    ["-qefc", `stty cols ${columns} rows ${rows}; exec ${command}`, "/dev/null"],
    {
      env: {
        PATH: process.env["PATH"],
        HOME: "/nonexistent",
        TERM: "xterm-256color",
        SHELL: "/bin/sh",
        ...env,
      },
      stdio: "pipe",
    },
  );
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = once(child, "close").then(([code]) => Number(code));
  return {
    /** All that was written to the terminal. */
    output: () => output,
    /** What stands on the screen, as of the last picture. */
    screen: () => plain(output.slice(output.lastIndexOf("\u001b[?2026h"))),
    type: (keys: string) => void child.stdin.write(keys),
    shows: (text: string | RegExp) =>
      until(
        () =>
          child.exitCode !== null ||
          new RegExp(text).test(plain(output.slice(output.lastIndexOf("\u001b[?2026h")))),
        () => `${String(text)} is not shown, but: ${plain(output)}`,
      ),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Without what moves cursors and paints. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is left out
  return text.replaceAll(/\u001b\[[0-9;?]*[a-zA-Z]/g, "").replaceAll("\r", "");
}
