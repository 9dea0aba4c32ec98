import type { VmRecord } from "@tartfleet/shared";

/** What it means to end a VM now, for whoever is about to. Pure. */
export function endingMeans(vm: VmRecord): { text: string; isLoss: boolean } {
  const later =
    vm.unreachableSince === null ? "" : " Its host is silent: it is removed there when the host is back.";
  const { text, isLoss } = meaningOf(vm);
  return { text: `${text}${later}`, isLoss };
}

function meaningOf({ state, job, runner, host }: VmRecord): { text: string; isLoss: boolean } {
  if (state === "queued")
    return { text: "It leaves the queue. Nothing of it has run, nothing is lost.", isLoss: false };
  if (state === "stopping") return { text: "It is being stopped already.", isLoss: false };
  if (state === "draining") {
    return {
      text: "Its end was announced, and it is left alone until its runner has sent the job’s result. Stopped now, that result may be lost.",
      isLoss: true,
    };
  }
  if (state !== "ready") {
    return {
      text: `It is being brought up on ${host ?? "its host"}; that is given up. No job of it has run.`,
      isLoss: false,
    };
  }
  if (job.state === "started") {
    return {
      text: "Its job runs. It is cut off in the middle and has no result; the CI system sees its runner vanish.",
      isLoss: true,
    };
  }
  if (runner === null) return { text: "Whoever works in it loses what is in it.", isLoss: true };
  if (runner.kind === "script") {
    return {
      text: "Its script runs. It is cut off, without an exit code; its output is lost.",
      isLoss: true,
    };
  }
  return {
    text: "Its runner waits for a job. One that is just being given to it is lost.",
    isLoss: true,
  };
}
