import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SimHostOptions } from "@tartfleet/tart-sim";
import { makeApi, type Api } from "./api.ts";
import { makeControlPlane, type ControlPlane } from "./control-plane.ts";
import { labEnvironment, type Flags } from "./environment.ts";
import { makeHost, makeRealHost, type FleetHost, type HostOptions } from "./host.ts";
import type { Leftover } from "./leftovers.ts";
import { killProcesses, type Marker } from "./marker.ts";
import type { Program } from "./program.ts";
import { stopFleet } from "./stop.ts";
import { callUndertaker } from "./undertake.ts";
import { unlessAborted } from "./unless-aborted.ts";

export interface FleetOptions {
  /** How many simulated Macs; default 1. */
  hosts?: number;
  /** Divides all of the simulation's delays; default 20. */
  speed?: number;
  /** Makes the simulation's choices repeatable. */
  seed?: string;
  engine?: SimHostOptions["engine"];
  /** What sets a host apart from the others, by its index. */
  sim?: (index: number) => Omit<SimHostOptions, "dir" | "baseEnv" | "speed" | "seed" | "engine">;
  /** Use this Mac with its own tart as the only host, instead of simulated ones. */
  realTart?: boolean;
  /** Options of the control plane and of the agents, of each by its index when they differ. */
  controlPlane?: Flags;
  agent?: Flags | ((index: number) => Flags);
  /** Where an agent looks for the control plane, when not at its own address; asked at each start of the agent. */
  agentUrl?: (index: number, controlPlaneUrl: string) => string;
  /** Where the control plane listens; default 127.0.0.1. */
  address?: string;
  /** Host in the URL that agents and guests are told, when it is not the address. */
  publicHost?: string;
  /** Words before a program's command, e.g. to enter a network namespace. */
  wrap?: (program: "control-plane" | { host: number }) => readonly string[];
  /** Told what is being started, for people. */
  say?: (line: string) => void;
  /** Ends the start, which rejects then. */
  signal?: AbortSignal;
}

/** A whole fleet of real processes on this machine, in one directory that goes with it. */
export interface Fleet {
  dir: string;
  /** The control plane's address. */
  url(): string;
  adminToken: string;
  /** A token of the role that CI systems have. */
  ciToken: string;
  /** Calls as an admin. */
  api: Api;
  /** Calls as a CI system. */
  ci: Api;
  controlPlane: Program;
  hosts: readonly FleetHost[];
  /** Ends everything and removes the directory. Answers with what should have been gone before; doing it again, with nothing. */
  stop(): Promise<Leftover[]>;
}

/** How long a control plane may take to say what is in its slots, before it is stopped. */
const LAST_CALLS_MS = 5000;

/**
 * Starts a control plane and hosts and waits until all hosts are connected.
 *
 * @throws when any of it does not come up; nothing is left then
 */
export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  // Short, for a socket's path has little room; real, because processes are found by it.
  const dir = await realpath(await mkdtemp(join(tmpdir(), "tf-lab-")));
  const marker = { id: randomBytes(8).toString("hex"), dir };
  const dismissUndertaker = callUndertaker(marker);
  try {
    return await unlessAborted(start(options, marker, dismissUndertaker), options.signal);
  } catch (error) {
    await killProcesses(marker);
    await rm(dir, { recursive: true, force: true });
    dismissUndertaker();
    throw error;
  }
}

async function start(options: FleetOptions, marker: Marker, dismiss: () => void): Promise<Fleet> {
  const { dir } = marker;
  const { signal, say = () => {} } = options;
  const env = labEnvironment(marker.id, process.env);
  const controlPlane = await makeControlPlane({
    dir,
    env,
    address: options.address ?? "127.0.0.1",
    publicHost: options.publicHost,
    flags: options.controlPlane ?? {},
    wrap: options.wrap?.("control-plane") ?? [],
  });
  await controlPlane.program.start();
  const adminToken = await controlPlane.adminToken();
  say(`Control plane   ${controlPlane.url()}; takes requests and decides what runs where`);
  const over = new AbortController();
  const api = makeApi(controlPlane.url, adminToken, over.signal);
  const { token: ciToken } = await api.createToken({ role: "ci", name: "lab" });
  signal?.throwIfAborted();

  const hosts = await makeHosts(options, { dir, env, controlPlane, api });
  await Promise.all(
    hosts.map(async ({ name, agent }) => {
      await agent.start();
      say(`Agent of ${name}  connected; brings its Mac to what the control plane wants`);
    }),
  );
  signal?.throwIfAborted();
  const stop = onlyOnce(async () => {
    const lastCalls = makeApi(controlPlane.url, adminToken, AbortSignal.timeout(LAST_CALLS_MS));
    const leftovers = await stopFleet({ controlPlane, hosts, api: lastCalls, marker });
    over.abort(new Error("the fleet was stopped"));
    dismiss();
    return leftovers;
  });
  return {
    dir,
    url: controlPlane.url,
    adminToken,
    ciToken,
    api,
    ci: makeApi(controlPlane.url, ciToken, over.signal),
    controlPlane: controlPlane.program,
    hosts,
    stop,
  };
}

async function makeHosts(
  options: FleetOptions,
  {
    dir,
    env,
    controlPlane,
    api,
  }: { dir: string; env: Record<string, string>; controlPlane: ControlPlane; api: Api },
): Promise<FleetHost[]> {
  const enrolment = await api.createToken({
    role: "host-enrolment",
    name: "lab",
    uses: "unlimited",
    expiresInSeconds: 600,
  });
  const enrolmentTokenFile = join(dir, "enrolment-token");
  await writeFile(enrolmentTokenFile, enrolment.token, { mode: 0o600 });
  const count = options.realTart ? 1 : (options.hosts ?? 1);
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const name = `mac-${index + 1}`;
      const host: HostOptions = {
        name,
        dir,
        env,
        controlPlaneUrl: () => options.agentUrl?.(index, controlPlane.url()) ?? controlPlane.url(),
        enrolmentTokenFile,
        flags: (typeof options.agent === "function" ? options.agent(index) : options.agent) ?? {},
        wrap: options.wrap?.({ host: index }) ?? [],
      };
      await mkdir(join(dir, name), { recursive: true });
      if (options.realTart) return makeRealHost(host);
      const { speed = 20, seed, engine } = options;
      return makeHost(host, {
        speed,
        ...(seed === undefined ? {} : { seed: `${seed}-${name}` }),
        ...(engine === undefined ? {} : { engine }),
        ...options.sim?.(index),
      });
    }),
  );
}

/** The first call's work; later ones wait for it and find nothing left to do. */
function onlyOnce<T>(work: () => Promise<T[]>): () => Promise<T[]> {
  let begun: Promise<T[]> | undefined;
  return async () => {
    if (begun) return begun.then(() => []);
    begun = work();
    return begun;
  };
}
