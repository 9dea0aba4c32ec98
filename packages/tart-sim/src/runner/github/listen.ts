import type { JobMessage } from "../../github/protocol.ts";
import { forgetRunner, readIdentity } from "./runner-directory.ts";
import { runJob } from "./run-job.ts";
import { connect, Refused, type ServerLink } from "./server-link.ts";

const log = (text: string): void => console.log(`${new Date().toISOString()}: ${text}`);

/** Waits for the one job of an ephemeral runner, does it, delivers its result. The answer is the exit code. */
export async function listen(runnerDir: string): Promise<number> {
  const identity = readIdentity(runnerDir);
  const link = connect(identity);
  console.log("\n√ Connected to GitHub\n");
  log("Listening for Jobs");
  const job = await nextJob(link);
  log(`Running job: ${job.name}`);

  const renewing = setInterval(() => {
    link
      .renewLock(job.id)
      .catch((error: unknown) => log(`The lock on the job was not renewed: ${String(error)}`));
  }, job.renewSeconds * 1000);
  try {
    const conclusion = await runJob(job, {
      runnerDir,
      runnerName: identity.name,
      report: async (event) => link.report(job.id, event).catch(reportRefusal),
    });
    await link.deliver(job.id, conclusion);
    log(`Job ${job.name} completed with result: ${conclusion === "success" ? "Succeeded" : "Failed"}`);
  } finally {
    clearInterval(renewing);
  }
  await link.deregister().catch(reportRefusal);
  forgetRunner(runnerDir);
  return 0;
}

async function nextJob(link: ServerLink): Promise<JobMessage> {
  for (;;) {
    const job = await link.nextJob();
    if (job !== undefined) return job;
  }
}

/** A job that was taken away goes on to its end all the same; nobody hears of it. */
function reportRefusal(error: unknown): void {
  if (!(error instanceof Refused)) throw error;
  log(`The service refused: ${error.message}`);
}
