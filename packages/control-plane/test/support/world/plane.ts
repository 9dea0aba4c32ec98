import { randomBytes } from "node:crypto";
import type { EngineConfig } from "../../../src/engine/config.ts";
import { startControlPlane, type ControlPlane } from "../../../src/engine/control-plane.ts";
import type { Integrate } from "../../../src/engine/integration.ts";
import { randomId } from "../../../src/engine/secrets.ts";
import type { UseCases } from "../../../src/engine/use-cases.ts";
import { openMemoryDatabase } from "../../../src/store/database.ts";
import { CONFIG } from "../fleet.ts";
import type { Time } from "./time.ts";

/** One life of the control plane, as those who are connected to it know it. */
export interface Life {
  useCases: UseCases;
  takeWebhook: ControlPlane["takeWebhook"];
  /** Aborts when it is over: every connection is. */
  over: AbortSignal;
}

/** The control plane through its lives, all of them on the same database. */
export async function startPlane(time: Time, integrate: Integrate, config: Partial<EngineConfig> = {}) {
  const database = openMemoryDatabase();
  const key = randomBytes(32);
  const errors: unknown[] = [];
  let running: { controlPlane: ControlPlane; life: Life; end: AbortController } | undefined;

  async function start(): Promise<void> {
    if (running) return;
    const controlPlane = await startControlPlane({
      // The database outlives the control plane.
      database: { ...database, close: () => {} },
      key,
      config: { ...CONFIG, ...config },
      integrate,
      clock: time.clock,
      randomId,
      onFatal: (error) => void errors.push(error),
    });
    const end = new AbortController();
    const { useCases, takeWebhook } = controlPlane;
    running = { controlPlane, life: { useCases, takeWebhook, over: end.signal }, end };
  }

  const plane = {
    errors,
    /** Undefined while nobody listens. */
    life: () => running?.life,
    /** @throws while it is down */
    get useCases(): UseCases {
      if (!running) throw new Error("the control plane is down");
      return running.life.useCases;
    },
    start: () => time.during(start),
    stop(): void {
      const stopped = running;
      running = undefined;
      stopped?.end.abort();
      stopped?.controlPlane.close();
    },
    close(): void {
      plane.stop();
      database.close();
    },
  };
  await plane.start();
  return plane;
}

export type Plane = Awaited<ReturnType<typeof startPlane>>;
