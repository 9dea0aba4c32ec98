import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runScript } from "../github/run-script.ts";
import type { ParsedOptions } from "../strict-options.ts";

/** Domains that are nobody's (RFC 2606): there is no controller to reach, and the job is the guest's own. */
const NOBODY = /(^|\.)(test|example|example\.com)$/;

/** How long it waits between two attempts (ExponentialRetry of remoting: up to 10 s). */
const RETRY_MS = 500;

export const hasController = ({ values }: ParsedOptions): boolean =>
  !NOBODY.test(new URL(values.get("-url") ?? "").hostname);

/**
 * What agent.jar does with `-webSocket`: it asks for /login until that answers, connects to /wsagents/, and serves its
 * channel until that closes. Then it exits (`-noReconnect`) or tries again for so long (`-noReconnectAfter`). What
 * the first connection is refused with it tries again, for ever or for so long, whatever the answer was (remoting at
 * fa5f12a8, Engine#runWebSocket). What is said in the channel is our own.
 */
export async function serveController({ flags, values }: ParsedOptions): Promise<number> {
  const url = (values.get("-url") ?? "").replace(/\/*$/, "/");
  const limit = values.get("-noReconnectAfter");
  const patienceMs = limit === undefined ? Number.POSITIVE_INFINITY : Number.parseInt(limit, 10) * 1000;
  const secret = secretOf(values.get("-secret") ?? "");
  const headers = {
    "node-name": values.get("-name") ?? "",
    "secret-key": secret,
    "x-remoting-capability": "stand-in",
  };
  /** What builds came to, until the controller has been told. */
  const results: object[] = [];
  const work = path.join(process.env["HOME"] ?? ".", "jenkins");
  mkdirSync(work, { recursive: true });
  let socket: WebSocket | undefined;

  async function run(build: number, script: string): Promise<void> {
    const file = path.join(work, `script-${build}.sh`);
    writeFileSync(file, script, { mode: 0o600 });
    const { exitCode } = await runScript(file, { cwd: work, env: process.env });
    results.push({ finished: build, exitCode });
    tell();
  }

  function tell(): void {
    while (socket?.readyState === WebSocket.OPEN) {
      const result = results.shift();
      if (!result) return;
      socket.send(JSON.stringify(result));
    }
  }

  /** @returns whether there was a channel; it is closed by then */
  async function connectOnce(): Promise<boolean> {
    const ping = await fetch(new URL("login", url)).catch(() => undefined);
    if (ping?.status !== 200) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    let wasOpen = false;
    socket = new WebSocket(`${url.replace(/^http/, "ws")}wsagents/`, { headers });
    socket.addEventListener("open", () => {
      wasOpen = true;
      console.log("INFO: Connected");
      tell();
    });
    socket.addEventListener("message", ({ data }) => {
      const { build, script }: { build: number; script: string } = JSON.parse(String(data));
      void run(build, script);
    });
    socket.addEventListener("error", () => resolve(wasOpen));
    socket.addEventListener("close", () => resolve(wasOpen));
    return promise;
  }

  for (let since = Date.now(); ;) {
    if (await connectOnce()) {
      console.log("INFO: Terminated");
      if (flags.has("-noReconnect")) return 0;
      since = Date.now();
    }
    if (Date.now() - since > patienceMs) {
      console.log(`INFO: Bailing out after ${limit}`);
      return 0;
    }
    await delay(RETRY_MS);
  }
}

const secretOf = (given: string): string =>
  given.startsWith("@") ? readFileSync(given.slice(1), "utf8").trim() : given;
