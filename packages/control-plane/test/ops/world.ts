import type { HostFacts } from "@tartfleet/shared";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { callerOf, startFleet } from "../support/fleet.ts";
import type { EngineConfig } from "../../src/engine/config.ts";
import { makeScrapes } from "./scrapes.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
const GIB = 2 ** 30;
const DAY_SECONDS = 86_400;

export const IMAGE = "ghcr.io/org/image:1";
const WITH_IMAGE: Partial<HostFacts> = { images: [{ reference: IMAGE, sizeGiB: 50 }] };
export const ANA = callerOf({ kind: "token", tokenId: "ana0", role: "admin", name: "ana", team: null });

type Mac = Awaited<ReturnType<Awaited<ReturnType<typeof startFleet>>["host"]>>;

/** The control plane on a disk and with a certificate of the test's, two Macs, and a Prometheus that looks on. */
export type World = Awaited<ReturnType<typeof startWorld>>;

/**
 * A fleet whose clock begins one minute after 1970: promtool's begins there, and what is compared with `time()` has to
 * fit. Every minute its agents are heard and it is scraped.
 */
export async function startWorld(config: Partial<EngineConfig> = {}) {
  const disk = { freeBytes: 80 * GIB, totalBytes: 100 * GIB, isWhole: true };
  const certificate = { endsAt: 90 * DAY_SECONDS * 1000 };
  const fleet = await startFleet({
    startAt: MINUTE,
    // They are heard once a minute.
    config: { heartbeatSeconds: 30, leaseSeconds: 90, ...config },
    identity: { certificateEndsAt: () => certificate.endsAt },
    database: {
      ...openMemoryDatabase(),
      reserve: {
        isWhole: () => disk.isWhole,
        release: () => false,
        refill: () => {},
        space: () => ({ freeBytes: disk.freeBytes, totalBytes: disk.totalBytes }),
      },
    },
  });
  const macs = new Map<string, Mac>();
  for (const name of ["mac-1", "mac-2"]) {
    macs.set(name, await fleet.host(name, { ...WITH_IMAGE, labels: { name } }));
  }
  const heard = new Set(macs.keys());
  const scrapes = makeScrapes();
  let isUp = true;

  const world = {
    fleet,
    disk,
    certificate,
    scrapes,
    mac(name: string): Mac {
      const mac = macs.get(name);
      if (!mac) throw new Error(`there is no ${name}`);
      return mac;
    },
    /** Its agent is not heard any more. */
    silence: (name: string): void => void heard.delete(name),
    /** What the agent tells of its host from now on. */
    tell: (name: string, facts: Partial<HostFacts>) => world.mac(name).hello(facts),
    /** @param everyMs how often agents are heard and it is scraped; after five minutes Prometheus takes a series for gone */
    async pass(milliseconds: number, everyMs = MINUTE): Promise<void> {
      for (let left = milliseconds; left > 0; left -= everyMs) {
        await fleet.clock.pass(everyMs);
        if (isUp) for (const name of heard) await world.mac(name).heartbeat();
        scrapes.add(fleet.clock.now() / MINUTE, isUp ? await fleet.useCases.metrics() : undefined);
      }
    },
    /** The control plane's machine sleeps, to the next full minute; then its agents are heard again. Nothing is scraped. */
    async leap(milliseconds: number): Promise<void> {
      await fleet.clock.sleep(Math.ceil(milliseconds / MINUTE) * MINUTE);
      for (const name of heard) await world.mac(name).heartbeat();
    },
    async restart(): Promise<void> {
      await fleet.restart();
      for (const name of heard) await world.mac(name).hello();
    },
    /** The control plane stops, for good. */
    stop(): void {
      isUp = false;
      fleet.close();
    },
    close(): void {
      if (isUp) fleet.close();
      isUp = false;
    },
    /** A VM is placed, with what its host tells of it then; returns its id and its host. */
    async placed(image = IMAGE, on?: string): Promise<{ id: string; mac: Mac }> {
      const id = await fleet.create({ image, hostLabels: on === undefined ? {} : { name: on } });
      const { host } = fleet.useCases.getVm(id);
      if (host === null) throw new Error("no slot was free");
      return { id, mac: world.mac(host) };
    },
    /** A VM from its create to its end, `bySelf` as its guest tells it. */
    async job(bySelf: "runner_exited" | "hook_only" | "second_job" = "runner_exited"): Promise<void> {
      const { id, mac } = await world.placed();
      const { attempt } = fleet.useCases.getVm(id);
      const about = { vmId: id, attempt };
      await mac.report({ kind: "phase", ...about, phase: "pulling", pullPercent: 5, pullTotalBytes: 25e9 });
      await mac.report({ kind: "phase", ...about, phase: "booting" });
      await mac.report({ kind: "phase", ...about, phase: "ready", ip: "192.168.64.2" });
      const guest = callerOf({ kind: "vm" as const, vmId: id, attempt });
      await fleet.useCases.guestEvent(guest, id, { type: "job_started", details: {} });
      await fleet.useCases.endVm(guest, id, { phase: "job_hook" });
      if (bySelf === "second_job")
        await fleet.useCases.guestEvent(guest, id, { type: "job_started", details: { job: "another" } });
      if (bySelf !== "hook_only") await fleet.useCases.endVm(guest, id, { phase: "runner_exited", rc: 0 });
      await world.pass(2 * MINUTE);
      const rung = { rung: "guest_shutdown" as const, outcome: "done" as const, milliseconds: 3000 };
      await mac.report({ kind: "stop_rung", ...about, ...rung });
      await mac.removeAll();
    },
    /** An attempt that fails where it was placed. */
    async failure(image = IMAGE, on?: string): Promise<void> {
      const { id, mac } = await world.placed(image, on);
      const about = { vmId: id, attempt: fleet.useCases.getVm(id).attempt };
      const error = { code: "start_failed" as const, message: "no", facts: {} };
      await mac.report({ kind: "failed", ...about, phase: "booting", error });
      await world.pass(MINUTE);
      await fleet.useCases.endVm(ANA, id, {});
      await mac.removeAll();
    },
  };
  return world;
}
