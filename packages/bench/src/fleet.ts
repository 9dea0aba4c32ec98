import { makeApi, type Api } from "@tartfleet/lab/src/fleet/api.ts";
import { takenSlots } from "@tartfleet/lab/src/fleet/leftovers.ts";
import { until } from "@tartfleet/lab/src/fleet/until.ts";
import { join } from "node:path";
import { startHerd, type Herd } from "./agents/herd.ts";
import { IMAGE } from "./agents/light-tart.ts";
import type { LoadProcess, Target } from "./load/load-main.ts";
import { startHelper, type Helper } from "./processes/helper.ts";
import { makePlane, type Plane } from "./processes/plane.ts";
import type { RawProcess } from "./raw/raw-main.ts";

/** A control plane, its light hosts, the load on it and the raw twin: processes of their own. */
export interface Fleet {
  plane: Plane;
  agents: Herd;
  load: Helper<LoadProcess>["call"];
  /** Another load, for what others do meanwhile. */
  others: Helper<LoadProcess>["call"];
  admin: Api;
  /** Creating a VM there, and the raw twin's writing a row. */
  create: Target;
  raw: Target;
  /** What the control plane took before the first host came. */
  emptyMiB: number;
  /** Another call to the control plane, as an admin. */
  get(path: string): Target;
  /** Waits until no VM waits, no slot is taken and every host is there. */
  calm(): Promise<void>;
  stop(): Promise<void>;
}

/** What a light VM is asked for with. */
const VM = JSON.stringify({ image: IMAGE, runner: { kind: "script", script: "true" } });
/** Many agents come back slowly: new sockets are taken at a bounded rate. */
const PATIENCE_MS = 600_000;

export async function startFleet(dir: string, hosts: number, profile?: string): Promise<Fleet> {
  const plane = makePlane({ dir, profile });
  const agents = startHerd(hosts);
  const load = startHelper<LoadProcess>(new URL("load/load-main.ts", import.meta.url));
  const others = startHelper<LoadProcess>(new URL("load/load-main.ts", import.meta.url));
  const raw = startHelper<RawProcess>(new URL("raw/raw-main.ts", import.meta.url));
  const stop = async () => {
    await Promise.all([agents, load, others, raw].map((helper) => helper.stop()));
    await plane.kill("SIGTERM").catch(() => {});
  };
  try {
    await plane.start();
    const adminToken = await plane.adminToken();
    const admin = makeApi(() => plane.url, adminToken);
    const ci = await admin.createToken({ role: "ci", name: "bench" });
    const enrolment = await admin.createToken({
      role: "host-enrolment",
      name: "bench",
      uses: "unlimited",
      expiresInSeconds: 3600,
    });
    const emptyMiB = plane.memoryMiB();
    await agents.add(plane.url, enrolment.token);
    const rawUrl = await raw.call.start(join(dir, "raw.sqlite"));
    const fleet: Fleet = {
      plane,
      agents,
      load: load.call,
      others: others.call,
      admin,
      create: { url: plane.url, method: "POST", path: "/v1/vms", token: ci.token, body: VM },
      raw: { url: rawUrl, method: "POST", path: "/", token: "none", body: VM },
      emptyMiB,
      get: (path) => ({ url: plane.url, method: "GET", path, token: adminToken }),
      async calm() {
        await until(
          "the fleet to be idle",
          async () => {
            const fault = await agents.fault();
            if (fault !== undefined) throw new Error(`an agent failed: ${fault}`);
            const capacity = await admin.capacity();
            return takenSlots(capacity).length === 0 && capacity.slots.free >= 2 * hosts;
          },
          { deadlineMs: PATIENCE_MS },
        );
      },
      stop,
    };
    await fleet.calm();
    return fleet;
  } catch (error) {
    await stop();
    throw error;
  }
}
