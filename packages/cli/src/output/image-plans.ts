import type { ImagePlanRecord } from "@tartfleet/shared";
import type { Style } from "./style.ts";
import { block, table } from "./table.ts";
import { count, harmless, oneLine, pairs, progressText } from "./text.ts";
import { timeWithAge } from "./time.ts";

/** `image plans`: those that stand first. */
export function planTable(plans: readonly ImagePlanRecord[], style: Style): string {
  return table(
    plans.map((plan) => harmless(plan)),
    [
      { head: "ID", text: ({ id }) => id },
      { head: "KIND", text: ({ kind }) => kind },
      { head: "IMAGE", text: ({ image }) => oneLine(image), cut: { from: "start", least: 20 } },
      { head: "HOSTS", text: ({ hostLabels }) => pairs(hostLabels) || "all", cut: { from: "end", least: 8 } },
      { head: "STATE", text: stateOf, cut: { from: "end", least: 20 } },
    ],
    style,
  );
}

/** One plan: who wants what where, and how far it is. */
export function planDetails(record: ImagePlanRecord, style: Style): string {
  const plan = harmless(record);
  const { progress } = plan;
  return block(
    [
      ["id", plan.id],
      ["kind", plan.kind],
      ["image", oneLine(plan.image)],
      ["hosts", pairs(plan.hostLabels) || "all"],
      ["by", `${oneLine(plan.by)}, ${timeWithAge(plan.createdAt, style.now)}`],
      ["reason", plan.reason === null ? undefined : oneLine(plan.reason)],
      ["state", stateOf(plan)],
      ["pulls", progress?.pulls.map(pullText).join("\n") || undefined],
      ["problems", progress?.problems.map(problemText).join("\n") || undefined],
      ["ended", plan.endedAt === null ? undefined : timeWithAge(plan.endedAt, style.now)],
    ],
    style,
  );
}

/** `3 of 7 hosts have it, 2 pull it, 2 wait; 31.0 GB of 177.8 GB`, or how it ended. */
export function stateOf({ outcome, why, progress }: ImagePlanRecord): string {
  if (!progress) return `${outcome ?? "ended"}: ${oneLine(why ?? "")}`;
  const { hosts, there, pulling, waiting, failed, away } = progress;
  const parts = [
    `${there} of ${count(hosts, "host")} ${there === 1 ? "has" : "have"} it`,
    ...(pulling > 0 ? [`${pulling} ${pulling === 1 ? "pulls" : "pull"} it`] : []),
    ...(waiting > 0 ? [`${waiting} ${waiting === 1 ? "waits" : "wait"}`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(away > 0 ? [`${away} away`] : []),
  ];
  const bytes = progressText(progress.bytes, progress.totalBytes);
  return `${parts.join(", ")}${bytes === undefined ? "" : `; ${bytes}`}`;
}

type Progress = NonNullable<ImagePlanRecord["progress"]>;

function pullText({ host, percent, bytes, totalBytes }: Progress["pulls"][number]): string {
  const progress = progressText(bytes, totalBytes);
  return `${host} ${percent}%${progress === undefined ? "" : `, ${progress}`}`;
}

function problemText({ host, code, message, retryAt }: Progress["problems"][number]): string {
  return `${host}: ${code}: ${oneLine(message)}${retryAt === null ? "" : ` (tried again ${retryAt})`}`;
}
