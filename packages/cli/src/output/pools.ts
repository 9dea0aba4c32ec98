import type { PoolRecord } from "@tartfleet/shared";
import { windowText } from "../commands/pool-window.ts";
import type { Style } from "./style.ts";
import { block, table } from "./table.ts";
import { count, oneLine, pairs } from "./text.ts";
import { timeWithAge } from "./time.ts";

/** Of those that could have taken a warm VM, how many did; `-` before any. */
function hitRate({ hits, misses }: PoolRecord): string {
  const all = hits + misses;
  return all === 0 ? "-" : `${Math.round((100 * hits) / all)} %`;
}

/** `pool list`: what each keeps and how often it was of use. */
export function poolTable(pools: readonly PoolRecord[], style: Style): string {
  return table(
    pools,
    [
      { head: "POOL", text: ({ name }) => name },
      { head: "IDLE", text: ({ idle, wanted }) => `${idle}/${wanted}`, align: "right" },
      { head: "BOOTING", text: ({ booting }) => String(booting), align: "right" },
      { head: "LEAVING", text: ({ leaving }) => String(leaving), align: "right" },
      { head: "HITS", text: ({ hits }) => String(hits), align: "right" },
      { head: "MISSES", text: ({ misses }) => String(misses), align: "right" },
      { head: "HIT RATE", text: hitRate, align: "right" },
      { head: "IDLE MINUTES", text: ({ idleMinutes }) => String(Math.round(idleMinutes)), align: "right" },
      { head: "IMAGE", text: ({ image }) => image, cut: { from: "start", least: 14 }, spare: 1 },
    ],
    style,
  );
}

/** `pool get`: everything that is set, and what has come of it. */
export function poolDetails(pool: PoolRecord, style: Style): string {
  const { now } = style;
  const { schedule, wanted, idle, booting, leaving, max } = pool;
  return block(
    [
      ["pool", pool.name],
      ["image", oneLine(pool.image)],
      ["os", pool.os],
      ["resources", resources(pool)],
      ["host labels", pairs(pool.hostLabels) || undefined],
      ["keeps", `${count(pool.minIdle, "VM")}, ${max} at most; renewed after ${pool.maxAgeMinutes} min`],
      ["schedule", schedule ? schedule.windows.map(windowText).join("\n") : "always"],
      ["time zone", schedule?.timeZone],
      ["next change", pool.nextChangeAt === null ? undefined : timeWithAge(pool.nextChangeAt, now)],
      ["now", `${idle} idle of ${wanted} wanted; ${booting} booting, ${leaving} leaving`],
      ["failing", pool.lastFailure === null ? undefined : oneLine(pool.lastFailure)],
      ["paused until", pool.pausedUntil === null ? undefined : timeWithAge(pool.pausedUntil, now)],
      ["hits", `${pool.hits} of ${pool.hits + pool.misses} (${hitRate(pool)})`],
      ["idle", `${pool.idleMinutes} min in all`],
    ],
    style,
  );
}

function resources({ cpu, memoryMiB, diskGiB }: PoolRecord): string | undefined {
  const parts = [
    ...(cpu === null ? [] : [count(cpu, "cpu")]),
    ...(memoryMiB === null ? [] : [`${memoryMiB} MiB memory`]),
    ...(diskGiB === null ? [] : [`${diskGiB} GiB disk`]),
  ];
  return parts.length > 0 ? parts.join(", ") : undefined;
}
