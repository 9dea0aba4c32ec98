import { runtimeFailure, validationFailure } from "../cli/failure.ts";
import type { ParsedCommand } from "../cli/spec.ts";
import { dialAgent } from "../control/client.ts";
import { decodeAnswer, encodeJson, makeFrameReader } from "../control/framing.ts";
import { deadline } from "../host/deadline.ts";
import { leasedAddress, liveAddress } from "../host/leases.ts";
import { findRun } from "../host/runs.ts";
import type { Sim } from "../sim.ts";
import { openLocalVm } from "../storage/home.ts";
import { holderOf, readConfig, type VmDir, vmState } from "../storage/vm-dir.ts";

export function validate({ quirks }: Sim, command: ParsedCommand): void {
  if (command.value("resolver") === "agent" && !quirks.has("hasAgentResolver"))
    throw validationFailure(
      "The value 'agent' is invalid for '--resolver <resolver>'. Please provide one of 'dhcp' and 'arp'.",
    );
}

/** Pause between tries; also the least time a failure takes (tart-contract §6.1). */
const RETRY_MS = 1000;

/** `tart ip` (tart-contract §2.7, §6.1). */
export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  const dir = openLocalVm(sim.home, command.arg("name"));
  const resolver = command.value("resolver") ?? "dhcp";
  const began = sim.now();
  do {
    const ip = await resolve(sim, dir, resolver);
    if (ip !== undefined) {
      sim.say(ip);
      return 0;
    }
    await sim.sleep(RETRY_MS);
  } while (sim.now() < began + limit(sim, dir, command.int("wait") ?? 0));
  throw runtimeFailure(failureText(sim, dir, resolver));
}

function limit(sim: Sim, dir: VmDir, seconds: number): number {
  const holder = holderOf(dir);
  const run = holder === undefined ? undefined : findRun(sim.hostDir, holder);
  return deadline(sim, seconds, { certain: run?.neverGetsIp === true });
}

function resolve(sim: Sim, dir: VmDir, resolver: string): Promise<string | undefined> | string | undefined {
  const { macAddress } = readConfig(dir);
  if (resolver === "dhcp") return leasedAddress(sim, macAddress);
  if (resolver === "arp") return liveAddress(sim, macAddress);
  return askAgent(sim, dir);
}

async function askAgent(sim: Sim, dir: VmDir): Promise<string | undefined> {
  const socket = await dialAgent(dir.path, sim.cancelled);
  if (socket === undefined) return undefined;
  return new Promise((resolve) => {
    const read = makeFrameReader();
    socket.on("data", (chunk) => {
      const answer = read(chunk).find(({ kind }) => kind === "answer");
      if (answer === undefined) return;
      const said = decodeAnswer(answer.payload);
      socket.destroy();
      resolve(said?.kind === "ip" ? said.ip : undefined);
    });
    socket.once("error", () => resolve(undefined)).once("close", () => resolve(undefined));
    socket.write(encodeJson("request", { call: "ip" }));
  });
}

function failureText(sim: Sim, dir: VmDir, resolver: string): string {
  const running = vmState(dir, sim.now()) === "running";
  const agent =
    resolver === "agent" ? " (also make sure that Guest agent for Tart is running inside of a VM)" : "";
  const arp =
    resolver === "arp" && readConfig(dir).os === "linux"
      ? " (not all Linux distributions are compatible with the ARP resolver)"
      : "";
  return `no IP address found${running ? "" : ", is your VM running?"}${agent}${arp}`;
}
