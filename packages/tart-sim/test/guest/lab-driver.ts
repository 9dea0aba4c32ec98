/**
 * Run inside lab-net.sh with two Macs: a guest on each with the same private address, both calling a
 * server in the control plane's network. Prints what was seen as JSON.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { findTool } from "../../src/guest/find-tool.ts";

const ip = findTool("ip", process.env) ?? "ip";

const server = `
  const { createServer } = require("node:http");
  createServer((request, response) => {
    console.log(JSON.stringify({ from: request.socket.remoteAddress, url: request.url }));
    response.end("control plane");
  }).listen(7337, "10.77.0.1", () => console.log("listening"));`;

const lines: string[] = [];
const controlPlane = spawn(ip, ["netns", "exec", "lab-cp", process.execPath, "-e", server], {
  stdio: ["ignore", "pipe", "inherit"],
});
const listening = once(controlPlane.stdout, "data");
controlPlane.stdout.on("data", (chunk: Buffer) => lines.push(...chunk.toString().trim().split("\n")));
await listening;

const guestScript = `
  import { chooseEngine } from ${JSON.stringify(import.meta.resolve("../../src/guest/choose-engine.ts"))};
  import { makeSpec, shell } from ${JSON.stringify(import.meta.resolve("./guest-fixture.ts"))};
  const engine = await chooseEngine({ ...process.env, TART_SIM_ENGINE: "netns" });
  const spec = await makeSpec({ ip: "192.168.64.2", name: process.argv[1] });
  const guest = await engine.start(spec);
  await guest.startSshd();
  const line = 'curl -sS "http://10.77.0.1:7337/$(hostname)/$(/usr/sbin/ipconfig getifaddr en0)"';
  const outcome = await shell(guest, line + "; echo; ip -br address show eth0; command -v sw_vers");
  await guest.powerOff();
  await spec[Symbol.asyncDispose]();
  console.log(JSON.stringify({ engine: engine.kind, stdout: outcome.stdout, stderr: outcome.stderr }));`;

const runGuest = async (mac: string): Promise<unknown> => {
  const argv = [
    "netns",
    "exec",
    `lab-${mac}`,
    process.execPath,
    "--input-type=module",
    "-e",
    guestScript,
    mac,
  ];
  const child = spawn(ip, argv, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await once(child, "close");
  return JSON.parse(output);
};

const guests = await Promise.all([runGuest("mac1"), runGuest("mac2")]);
controlPlane.kill();
const requests: unknown[] = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
console.log(JSON.stringify({ guests, requests }));
