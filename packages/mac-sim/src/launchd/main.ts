import { statSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { EX_CONFIG, requestSchema, SOCKET, type Answer } from "../protocol.ts";
import { allOf } from "../read.ts";
import { macDir } from "../which-mac.ts";
import { launchctl } from "./launchctl.ts";
import { makeMac, type Mac } from "./mac.ts";
import { killEverythingOn } from "./power-off.ts";

const WATCH_MS = 500;

/** The launchd of one simulated Mac: started by the first launchctl, ended by `mac-sim shutdown`. */
async function main(): Promise<void> {
  const { env } = process;
  const dir = macDir(env);
  if (dir === undefined) throw new Error("MAC_SIM_DIR is not set");
  const mac = makeMac(dir, Number(env["MAC_SIM_SPEED"] ?? "1"));
  const server = createServer({ allowHalfOpen: true }, (socket) => void serve(mac, socket));
  // Another was quicker.
  if (!(await isListening(server))) return;
  const socket = statSync(SOCKET).ino;
  const owner = Number(env["MAC_SIM_OWNER"] ?? "0");
  setInterval(() => {
    const isOurs = statSync(`${dir}/${SOCKET}`, { throwIfNoEntry: false })?.ino === socket;
    if (!isOurs || (owner > 0 && !isAlive(owner))) powerOff(mac);
  }, WATCH_MS);
}

/** A socket that nobody listens at was left by a launchd that was killed. */
async function isListening(server: Server): Promise<boolean> {
  for (let tries = 0; tries < 2; tries += 1) {
    const problem = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once("error", resolve).listen(SOCKET, () => resolve(undefined));
    });
    if (problem === undefined) return true;
    if (problem.code !== "EADDRINUSE") throw problem;
    if (await answers()) return false;
    unlinkSync(SOCKET);
  }
  return false;
}

function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(SOCKET);
    socket
      .once("connect", () => resolve(true))
      .once("error", () => resolve(false))
      .once("connect", () => socket.destroy());
  });
}

async function serve(mac: Mac, socket: Socket): Promise<void> {
  socket.on("error", () => {});
  const text = await allOf(socket);
  if (text === "") return void socket.end();
  const answer = await carryOut(mac, text).catch((error: unknown): Answer => ({
    exitCode: EX_CONFIG,
    stdout: "",
    stderr: `mac-sim: ${String(error)}\n`,
  }));
  socket.end(JSON.stringify(answer));
}

async function carryOut(mac: Mac, text: string): Promise<Answer> {
  const request = requestSchema.parse(JSON.parse(text));
  if (request.program === "launchctl") return await launchctl(mac, request);
  const [word, uid] = request.argv;
  if (word === "login") mac.domains.login(Number(uid));
  else if (word === "logout") await mac.domains.logout(Number(uid));
  else powerOff(mac);
  return { exitCode: 0, stdout: "", stderr: "" };
}

/** As the plug is pulled: nobody is asked. */
function powerOff(mac: Mac): never {
  killEverythingOn(mac.dir);
  try {
    unlinkSync(SOCKET);
  } catch {
    // The Mac's folder is gone.
  }
  process.exit(0);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

await main();
