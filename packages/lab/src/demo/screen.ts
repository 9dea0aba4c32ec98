import { styleText } from "node:util";
import type { VmSummary } from "@tartfleet/shared";
import { placeOf } from "./moments.ts";
import { PROGRESS_END, progressOf, stageOf } from "./stage.ts";
import type { DemoJob } from "./jobs.ts";

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

/** Lines of the picture that are not about one VM, and one for the cursor. */
const OTHER_LINES = 6;

/**
 * The moving picture at one moment.
 *
 * @param height how many lines there are; VMs that have ended, then those that wait, give way
 */
export function draw(scene: Scene, paint: Paint, height = Number.POSITIVE_INFINITY): string {
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
  const rows = jobs.map((job) => ({ job, vm: vms.find(({ name }) => name === job.vmName) }));
  const shown = mostTelling(rows, Math.max(1, height - OTHER_LINES));
  const hidden = rows.length - shown.length;
  return [
    "",
    paint("bold", head.join(" · ")),
    slots
      .map(({ name, vmNames }) => `${name} [${vmNames.map((vm) => (vm ?? "free").padEnd(5)).join("|")}]`)
      .join("  "),
    "",
    ...shown.map(({ job, vm }) => rowOf(job, vm, now, paint)),
    ...(hidden > 0 ? [paint("dim", `and ${hidden} more that wait or are gone`)] : []),
  ].join("\n");
}

interface Row {
  job: DemoJob;
  vm: VmSummary | undefined;
}

function mostTelling(rows: readonly Row[], count: number): readonly Row[] {
  if (rows.length <= count) return rows;
  const rank = ({ vm }: Row) => (vm === undefined || vm.state === "queued" ? 1 : vm.endedAt === null ? 0 : 2);
  const chosen = new Set(rows.toSorted((one, other) => rank(one) - rank(other)).slice(0, count));
  return rows.filter((row) => chosen.has(row));
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
