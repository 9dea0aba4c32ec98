import type { VmRecord, VmSummary } from "@tartfleet/shared";
import type { Style } from "./style.ts";
import { block, table } from "./table.ts";
import { count, harmless, manyLines, oneLine, pairs, progressText } from "./text.ts";
import { age, timeWithAge } from "./time.ts";
import { attemptErrorText, endText, heldText, paintState, placeText, stateText } from "./vm-words.ts";

const OUTPUT_LINES = 20;

/** `vm list`: newest first, as the API gives them. */
export function vmTable(vms: readonly VmSummary[], style: Style): string {
  return table(
    vms,
    [
      { head: "ID", text: (vm) => vm.id },
      { head: "NAME", text: ownName, cut: { from: "end", least: 8 }, spare: 2 },
      {
        head: "STATE",
        text: stateText,
        paint: (text, vm, colors) => paintState(text, vm.state, colors),
      },
      { head: "HOST", text: placeText, cut: { from: "end", least: 8 } },
      {
        head: "JOB",
        text: (vm) => (vm.pool === null ? (vm.jobId ?? "-") : `(pool ${vm.pool})`),
        cut: { from: "end", least: 6 },
        spare: 3,
      },
      { head: "IMAGE", text: (vm) => vm.image, cut: { from: "start", least: 14 }, spare: 1 },
      { head: "CREATED", text: (vm) => age(vm.createdAt, style.now) },
    ],
    style,
  );
}

/** `vm get`: everything that is set. */
export function vmDetails(record: VmRecord, style: Style): string {
  const { now, colors } = style;
  const vm = harmless(record);
  return block(
    [
      ["id", vm.id],
      ["name", oneLine(vm.name)],
      ["state", `${paintState(stateText(vm), vm.state, colors)} (since ${timeWithAge(vm.stateSince, now)})`],
      ["pulled", vm.state === "pulling" ? progressText(vm.pullBytes, vm.pullTotalBytes) : undefined],
      ["end", vm.end === null ? undefined : endText(vm.end)],
      ["held", vm.hold === null ? undefined : heldText(vm.hold, now)],
      ["error", vm.end?.error ? attemptErrorText(vm.end.error) : undefined],
      ["image", oneLine(vm.image)],
      ["digest", vm.imageDigest ?? undefined],
      ["pool", vm.pool === null ? undefined : `${vm.pool} keeps it warm`],
      ["os", vm.os],
      ["resources", resources(vm)],
      ["host", placeText(vm)],
      ["host silent", vm.unreachableSince === null ? undefined : timeWithAge(vm.unreachableSince, now)],
      ["ip", vm.ip ?? undefined],
      ["attempt", vm.attempt > 0 ? String(vm.attempt) : undefined],
      ["job id", vm.jobId === null ? undefined : oneLine(vm.jobId)],
      ["runner", vm.runner?.kind],
      ["job", jobText(vm, now)],
      ["script", scriptText(vm)],
      ["labels", pairs(vm.labels) || undefined],
      ["host labels", pairs(vm.hostLabels) || undefined],
      ["preferred", pairs(vm.preferredHostLabels) || undefined],
      ["env", vm.envNames.length > 0 ? `${vm.envNames.join(", ")} (values are not shown)` : undefined],
      ["run", Object.keys(vm.run).length > 0 ? runText(vm.run) : undefined],
      ["created", timeWithAge(vm.createdAt, now)],
      ["assigned", vm.assignedAt === null ? undefined : timeWithAge(vm.assignedAt, now)],
      ["ready", vm.readyAt === null ? undefined : timeWithAge(vm.readyAt, now)],
      ["ended", vm.endedAt === null ? undefined : timeWithAge(vm.endedAt, now)],
      ["deadline", vm.deadlineAt === null ? undefined : timeWithAge(vm.deadlineAt, now)],
      ["expires", vm.expiresAt === null ? undefined : timeWithAge(vm.expiresAt, now)],
    ],
    style,
  );
}

/** A name that was only made up from the id tells nothing. */
function ownName({ id, name }: VmSummary): string {
  return name === `vm-${id}` ? "-" : name;
}

function resources({ cpu, memoryMiB, diskGiB }: VmRecord): string | undefined {
  const parts = [
    ...(cpu === null ? [] : [count(cpu, "cpu")]),
    ...(memoryMiB === null ? [] : [`${memoryMiB} MiB memory`]),
    ...(diskGiB === null ? [] : [`${diskGiB} GiB disk`]),
  ];
  return parts.length > 0 ? parts.join(", ") : undefined;
}

function jobText({ job, runner }: VmRecord, now: number): string | undefined {
  if (runner === null && job.state === "none") return undefined;
  if (job.state === "none") return "not started";
  const details = Object.entries(job.details).map(([name, value]) => `\n${name}: ${oneLine(value ?? "")}`);
  const since = job.state === "ended" ? job.endedAt : job.startedAt;
  return `${job.state} ${timeWithAge(since, now)}${details.join("")}`;
}

function scriptText({ scriptResult }: VmRecord): string | undefined {
  if (scriptResult === null) return undefined;
  const { exitCode, output, truncated } = scriptResult;
  const head = exitCode === null ? "ended by a signal" : `exit code ${exitCode}`;
  const lines = manyLines(output).trimEnd().split("\n");
  const left = lines.length - OUTPUT_LINES;
  if (left <= 0 && !truncated) return [head, ...lines].join("\n").trimEnd();
  const note =
    left > 0 ? `(the last ${OUTPUT_LINES} lines; --json has the last 64 KiB)` : "(the last 64 KiB)";
  return [`${head} ${note}`, ...lines.slice(-OUTPUT_LINES)].join("\n");
}

function runText(run: VmRecord["run"]): string {
  return Object.entries(run)
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join("+") : String(value)}`)
    .join(", ");
}
