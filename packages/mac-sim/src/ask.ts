import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { answerSchema, EX_CONFIG, SOCKET, type Answer, type Request } from "./protocol.ts";
import { allOf } from "./read.ts";
import { macDir } from "./which-mac.ts";

const LAUNCHD = fileURLToPath(new URL("launchd/main.ts", import.meta.url));
const START_MS = 15_000;

/** Has the simulated Mac's launchd carry a command line out; the Mac is switched on if it is off. */
export async function ask(request: Request, env: NodeJS.ProcessEnv): Promise<Answer> {
  const dir = macDir(env);
  if (dir === undefined) {
    return { exitCode: EX_CONFIG, stdout: "", stderr: "mac-sim: MAC_SIM_DIR must name the Mac's folder\n" };
  }
  await mkdir(dir, { recursive: true });
  process.chdir(dir);
  const socket = (await dial()) ?? (await switchedOn(dir, env));
  socket.end(`${JSON.stringify(request)}\n`);
  const text = await allOf(socket);
  if (text === "") return { exitCode: EX_CONFIG, stdout: "", stderr: "mac-sim: launchd is gone\n" };
  return answerSchema.parse(JSON.parse(text));
}

/** Whether the Mac is on. */
export async function isOn(dir: string): Promise<boolean> {
  process.chdir(dir);
  const socket = await dial();
  socket?.destroy();
  return socket !== undefined;
}

function dial(): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path: SOCKET, allowHalfOpen: true });
    socket.once("connect", () => resolve(socket)).once("error", () => resolve(undefined));
  });
}

/** Starts a launchd that outlives this process; of several that are started at once, one stays. */
async function switchedOn(dir: string, env: NodeJS.ProcessEnv): Promise<Socket> {
  const log = openSync(join(dir, "launchd.log"), "a", 0o600);
  const kept = ["PATH", "MAC_SIM_SPEED", "MAC_SIM_OWNER"].flatMap((name) =>
    env[name] === undefined ? [] : [[name, env[name]]],
  );
  spawn(process.execPath, [LAUNCHD], {
    cwd: dir,
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...Object.fromEntries(kept), MAC_SIM_DIR: dir },
  }).unref();
  for (const deadline = Date.now() + START_MS; Date.now() < deadline;) {
    await wait(10);
    const socket = await dial();
    if (socket) return socket;
  }
  throw new Error(`mac-sim: launchd did not start; see ${join(dir, "launchd.log")}`);
}
