import type { VmRecord } from "@tartfleet/shared";
import { run, start, type Result } from "./run.ts";
import { startStandIn, TOKENS, type StandIn } from "./stand-in.ts";

export const IMAGE = "ghcr.io/org/image:15";

/** A stand-in and `tartfleet` that speaks to it as admin. */
export async function fleet(options: Parameters<typeof startStandIn>[0] = {}) {
  const standIn = await startStandIn(options);
  const env = { TARTFLEET_URL: standIn.url, TARTFLEET_TOKEN: TOKENS.admin };
  return {
    standIn,
    env,
    tartfleet: (...args: string[]) => run(args, { env }),
    tartfleetWith: (input: string, ...args: string[]) => run(args, { env, input }),
    start: (...args: string[]) => start({ args, env }),
    [Symbol.asyncDispose]: () => standIn[Symbol.asyncDispose](),
  };
}

/** A VM that was asked for before. */
export function addVm(standIn: StandIn, change: Partial<VmRecord> & { jobId?: string } = {}): string {
  const { vm } = standIn.vms.accept({
    image: IMAGE,
    os: "macos",
    hostLabels: {},
    labels: {},
    env: {},
    run: {},
    ...(change.jobId ? { jobId: change.jobId } : {}),
  });
  return vm.id;
}

/** The one document that `--json` prints. */
export function documentOf({ stdout }: Result): Record<string, unknown> {
  return JSON.parse(stdout) as Record<string, unknown>;
}
