import {
  isTerminal,
  VM_STATES,
  type Bootstrap,
  type TokenRole,
  type VmState,
  type VmSummary,
} from "@tartfleet/shared";
import type { EngineConfig } from "../../../src/engine/config.ts";
import type { Integrate } from "../../../src/engine/integration.ts";
import { ADMIN } from "../../helpers/plane.ts";
import { makeDoor } from "./door.ts";
import type { GuestShell } from "./guest.ts";
import { startMac } from "./mac.ts";
import { startPlane } from "./plane.ts";
import type { Time } from "./time.ts";

/** A CI system, as the world around a control plane knows it. */
export interface CiSystem {
  /** How the control plane serves it. */
  integrate: Integrate;
  /** Its runner in a guest, from its start to its exit code. */
  run(credential: Bootstrap["runner"], guest: GuestShell): Promise<number>;
  /** Its jobs, and how often each was begun. */
  jobs(): readonly { name: string; isOver: boolean; starts: number }[];
  /** Names of the runners that it knows of. */
  runners(): readonly string[];
}

const LIVE = VM_STATES.filter((state) => !isTerminal(state));

/**
 * A control plane with its store and its doors, and Macs whose agents and guests behave as real ones do, around a CI
 * system: all of it in one process, in a time that jumps.
 */
export async function startWorld(
  time: Time,
  ci: CiSystem,
  {
    macs: count = 2,
    bootMs = () => 15_000,
    config = {},
  }: { macs?: number; bootMs?: () => number; config?: Partial<EngineConfig> } = {},
) {
  const plane = await startPlane(time, ci.integrate, config);
  const door = makeDoor(time, plane);
  const macs = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      startMac({ time, plane, door, bootMs, run: ci.run }, `mac-${index + 1}`),
    ),
  );

  const ofState = (state: VmState[] | undefined): VmSummary[] =>
    plane.useCases.listVms({ state, limit: 500 }).vms.toReversed();

  const token = async (role: TokenRole): Promise<string> =>
    (await plane.useCases.createToken(ADMIN, { role, name: `the ${role}` })).token;

  return {
    ci,
    token,
    time,
    plane,
    door,
    macs,
    /** All VMs that were ever asked for, in that order. */
    vms: () => ofState(undefined),
    live: () => ofState(LIVE),
    guests: () => macs.flatMap((mac) => mac.guests()),
    /** The Mac that a VM is on. */
    macOf: ({ host }: Pick<VmSummary, "host">) => macs.find(({ name }) => name === host),
    async restart(): Promise<void> {
      plane.stop();
      await plane.start();
    },
    async metric(name: string): Promise<number> {
      const text = await plane.useCases.metrics();
      const line = text.split("\n").find((each) => each.startsWith(name));
      return Number(line?.split(" ").at(-1) ?? Number.NaN);
    },
    async close(): Promise<void> {
      await time.pass(0);
      plane.close();
      time.close();
      if (plane.errors.length > 0) throw new Error(`fatal: ${String(plane.errors[0])}`);
    },
  };
}

export type World = Awaited<ReturnType<typeof startWorld>>;
