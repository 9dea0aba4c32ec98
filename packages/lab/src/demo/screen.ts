import { styleText } from "node:util";
import type { VmSummary } from "@tartfleet/shared";
import { placeOf } from "./moments.ts";
import { PROGRESS_END, progressOf, stageOf } from "./stage.ts";
import type { DemoJob } from "./jobs.ts";
import type { ListedVm } from "../fleet/api.ts";

/** What the moving picture is made from. */
export interface Scene {
  /** Milliseconds since the epoch. */
  now: number;
  startedAt: number;
  slots: { name: string; vmNames: (string | null)[] }[];
  vms: readonly VmSummary[];
  jobs: readonly DemoJob[];
  delivered: number;
}

type Paint = (format: Parameters<typeof styleText>[0], text: string) => string;

/** Colours for a terminal; none where NO_COLOR asks for none. */
export const painter =
  (stream: NodeJS.WritableStream): Paint =>
  (format, text) =>
    styleText(format, text, { stream });

/** The moving picture at one moment, as lines. */
export function draw(scene: Scene, paint: Paint): string {
  const { now, startedAt, slots, vms, jobs, delivered } = scene;
  const queued = vms.filter(({ state }) => state === "queued").length;
  const over = vms.filter(({ endedAt }) => endedAt !== null).length;
  const head = [
    `${((now - startedAt) / 1000).toFixed(1)} s`,
    `${queued} in the queue`,
    `${vms.length - queued - over} on hosts`,
    `${over} gone`,
    `${delivered} of ${jobs.length} results delivered`,
  ];
  return [
    "",
    paint("bold", head.join(" · ")),
    slots
      .map(({ name, vmNames }) => `${name} [${vmNames.map((vm) => (vm ?? "free").padEnd(5)).join("|")}]`)
      .join("  "),
    "",
    ...jobs.map((job) =>
      rowOf(
        job,
        vms.find(({ name }) => name === job.vmName),
        now,
        paint,
      ),
    ),
  ].join("\n");
}

function rowOf(job: DemoJob, vm: VmSummary | undefined, now: number, paint: Paint): string {
  if (!vm) return `${job.vmName}  ${paint("dim", "not asked for yet")}`;
  const progress = progressOf(vm);
  const bar = `${"■".repeat(progress)}${"·".repeat(PROGRESS_END - progress)}`;
  const isOver = vm.endedAt !== null;
  const seconds = isOver ? "" : `${Math.max(0, (now - Date.parse(vm.stateSince)) / 1000).toFixed(1)} s`;
  const line = `${job.vmName}  ${placeOf(vm).padEnd(8)}  ${paint(colourOf(vm), bar)}  ${stageOf(vm).padEnd(28)} ${seconds}`;
  return isOver ? paint("dim", line) : line;
}

function colourOf({ state, job }: VmSummary): "gray" | "yellow" | "green" | "cyan" | "red" {
  if (state === "failed") return "red";
  if (state === "queued") return "gray";
  if (state === "draining" || state === "stopping" || state === "deleted") return "cyan";
  return state === "ready" && job.state === "started" ? "green" : "yellow";
}
