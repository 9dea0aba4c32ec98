import type { CreateVm, VmEvent, VmRecord } from "@tartfleet/client/node";
import { StageFailure } from "./failure.ts";
import { chooseImage } from "./images.ts";
import { readJob, type Job } from "./job.ts";
import type { Settings } from "./settings.ts";
import type { Stage } from "./stages.ts";
import { markOf, obtainVm } from "./vms.ts";

/** After the job's own time, for what cleans up; a VM of which nobody thinks any more ends by itself. */
const SLACK_SECONDS = 600;
const DAY = 86_400;
/** For taking back what was asked for, while gitlab-runner waits for this process to end. */
const TAKE_BACK_MS = 10_000;

/** Has the job's VM ready; a second time finds it as it is. */
export async function prepare(stage: Stage): Promise<void> {
  const { client, settings, env, signal, say } = stage;
  const job = readJob(env);
  const image = chooseImage(job.image, settings);
  let vm: VmRecord | undefined;
  try {
    vm = await obtainVm(client, job, bodyOf(job, image, settings), signal);
    say(`VM ${vm.id} of ${image}`);
    if (vm.readyAt === null) vm = await untilReady(stage, vm.id);
  } catch (error) {
    // gitlab-runner cleans up after a job that is cancelled here; but older ones did not always.
    if (signal.aborted && vm) await client.endVm(vm.id, { signal: AbortSignal.timeout(TAKE_BACK_MS) });
    throw error;
  }
  if (vm.readyAt === null || vm.end !== null) throw notReady(vm);
}

function bodyOf(job: Job, image: string, settings: Settings): CreateVm {
  const { cpu, memoryMib, diskGib, hostLabels, priority, queueSeconds, ttlSeconds } = settings;
  const jobSeconds = job.timeoutSeconds ? Math.ceil(job.timeoutSeconds) + SLACK_SECONDS : DAY;
  return {
    image,
    ...markOf(job),
    hostLabels,
    ttlSeconds: ttlSeconds ?? Math.min(jobSeconds, DAY),
    ...(cpu === undefined ? {} : { cpu }),
    ...(memoryMib === undefined ? {} : { memoryMiB: memoryMib }),
    ...(diskGib === undefined ? {} : { diskGiB: diskGib }),
    ...(priority === undefined ? {} : { priority }),
    ...(queueSeconds === undefined ? {} : { queueTimeoutSeconds: queueSeconds }),
  };
}

/** Shows what happens to it meanwhile. */
async function untilReady({ client, signal, say }: Stage, id: string): Promise<VmRecord> {
  let shown = "";
  for await (const event of client.followEvents(id, { signal })) {
    if (event.state !== shown || event.type === "attempt_failed") say(`  ${event.state}: ${event.message}`);
    shown = event.state;
    if (isSettled(event)) break;
  }
  return client.getVm(id, { signal });
}

function isSettled({ state }: VmEvent): boolean {
  return state === "ready" || state === "deleted" || state === "failed";
}

/** What every host would say again is for whoever wrote `image:`. */
function notReady({ id, end }: VmRecord): StageFailure {
  const isTheJobs = ["image_not_found", "image_unusable"].includes(end?.error?.code ?? end?.reason ?? "");
  const why = end?.error?.message ?? end?.message ?? "it is not ready";
  return new StageFailure(isTheJobs ? "job" : "ours", `VM ${id} did not come up: ${why}`);
}
