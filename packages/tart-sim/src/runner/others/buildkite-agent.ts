import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runScript } from "../github/run-script.ts";
import type { ParsedOptions } from "../strict-options.ts";

/** The real one pings every 10 s; a test's day is shorter. */
const PING_MS = 300;
const HEARTBEAT_MS = 10_000;

/** Without one the job is the guest's own. */
export const hasEndpoint = ({ values }: ParsedOptions): boolean => values.has("--endpoint");

/**
 * What the agent does at the Agent API: it registers, connects, takes one job, and disconnects; or leaves when none
 * comes for so long (the agent at 5c21980, agent_worker.go and agent_worker_action.go).
 */
export async function serveAgentApi({ values }: ParsedOptions): Promise<number> {
  const endpoint = values.get("--endpoint") ?? "";
  const idleMs = Number(values.get("--disconnect-after-idle-timeout") ?? Number.POSITIVE_INFINITY) * 1000;
  let token = values.get("--token") ?? "";

  /** Asked again until there is an answer, as the agent does. */
  async function call<T>(line: string, body?: object): Promise<T> {
    const [method = "", at = ""] = line.split(" ");
    for (;;) {
      const response = await fetch(endpoint + at, {
        method,
        headers: { authorization: `Token ${token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }).catch(() => undefined);
      if (response?.ok) {
        const answer: T = JSON.parse(await response.text());
        return answer;
      }
      if (response && response.status < 500)
        throw new Error(`${line}: ${response.status} ${await response.text()}`);
      await delay(PING_MS);
    }
  }

  async function run(id: string): Promise<void> {
    const { env } = await call<{ env: Record<string, string> }>(`PUT /jobs/${id}/accept`);
    await call(`PUT /jobs/${id}/start`, { started_at: new Date().toISOString() });
    const file = path.join(process.env["HOME"] ?? ".", ".buildkite-job.sh");
    writeFileSync(file, env["BUILDKITE_COMMAND"] ?? "", { mode: 0o600 });
    const { exitCode } = await runScript(file, { cwd: path.dirname(file), env: process.env });
    const finished = { exit_status: String(exitCode), ignore_agent_in_dispatches: true };
    await call(`PUT /jobs/${id}/finish`, finished);
  }

  try {
    const tags = (values.get("--tags") ?? "").split(",").filter((tag) => tag !== "");
    const register = { name: values.get("--name") ?? hostname(), hostname: hostname(), meta_data: tags };
    token = (await call<{ access_token: string }>("POST /register", register)).access_token;
    await call("POST /connect");
    const beating = setInterval(() => void call("POST /heartbeat").catch(() => {}), HEARTBEAT_MS);
    beating.unref();
    const since = Date.now();
    for (let job: { id: string } | undefined; !job && Date.now() - since < idleMs;) {
      ({ job } = await call<{ job?: { id: string } }>("GET /ping"));
      if (job) await run(job.id);
      else await delay(PING_MS);
    }
    clearInterval(beating);
    await call("POST /disconnect");
    return 0;
  } catch (error) {
    console.error(`fatal: ${String(error)}`);
    return 1;
  }
}
