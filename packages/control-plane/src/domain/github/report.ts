import { END_REASONS } from "@tartfleet/shared";
import type { Vm } from "../vm.ts";

/** How a report shows at a commit. */
export type ReportKind = "status" | "check";

/** What a commit is told; whoever can read its repository reads it. */
export interface Report {
  /** The same for all that is said of a definition: GitHub shows the newest. */
  name: string;
  isFailure: boolean;
  /** In at most 140 characters, as a status takes them. */
  title: string;
  text: string;
  /** Where those who run the fleet see more; undefined: nowhere. */
  page: string | undefined;
}

const MOST = 140;
const nameOf = (definition: string) => `tartfleet/${definition}`;

/**
 * Why a definition's VMs do not come. It says the code, the image and the VM, and nothing of hosts, addresses and logs:
 * those are for who runs the fleet.
 */
export function failureReport(
  definition: string,
  { id, spec, end }: Pick<Vm, "id" | "spec" | "end">,
  publicUrl: string,
): Report {
  const reason = end?.reason ?? "start_failed";
  const code = end?.error?.code ?? reason;
  const what = reason === "start_failed" ? `VM could not be brought up: ${code}` : END_REASONS[reason].text;
  return {
    name: nameOf(definition),
    isFailure: true,
    title: clip(`No runner yet: ${what}`),
    text: [
      `The job waits for a runner \`${definition}\`, and its VM failed before it had one: ${what}`,
      "",
      `- code: \`${code}\``,
      `- image: \`${spec.channel ?? spec.image}\``,
      `- VM: \`${id}\` (for who runs the fleet: \`tartfleet vm events ${id}\`)`,
      "",
      "It is tried again, less and less often. This says so when the job waits no more.",
    ].join("\n"),
    page: `${publicUrl.replace(/\/+$/, "")}/vms/${id}`,
  };
}

/** What takes the failure back. */
export const resolvedReport = (definition: string): Report => ({
  name: nameOf(definition),
  isFailure: false,
  title: "No job of this run waits for a runner any more",
  text: `VMs of \`${definition}\` had failed; no job of this run waits for one any more.`,
  page: undefined,
});

const clip = (text: string) => (text.length <= MOST ? text : `${text.slice(0, MOST - 1)}…`);
