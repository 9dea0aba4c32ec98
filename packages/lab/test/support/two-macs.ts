/**
 * Runs inside lab-net.sh with two Macs, each with its own network: a VM on each, both with the same private
 * address, one with a short job and one with a longer one. Prints what happened as JSON.
 */
import { startFakeGitHub } from "@tartfleet/tart-sim";
import { atWork, githubVm, startLab } from "./lab.ts";

const github = await startFakeGitHub({ host: "10.77.0.254" });
const fleet = await startLab({
  hosts: 2,
  engine: "netns",
  address: "10.77.0.1",
  sim: () => ({ subnet: "192.168.64" }),
  wrap: (program) => [
    "ip",
    "netns",
    "exec",
    program === "control-plane" ? "lab-cp" : `lab-mac${program.host + 1}`,
  ],
});
const [short, long] = await Promise.all([
  fleet.ci.createVm(githubVm(github, "short", { seconds: 2 })),
  fleet.ci.createVm(githubVm(github, "long", { seconds: 15 })),
]);
const working = await Promise.all([atWork(fleet, short.id), atWork(fleet, long.id)]);
const shortEnd = await fleet.ci.waitForVm(short.id, "ended");
const longMeanwhile = await fleet.ci.getVm(long.id);
const longEnd = await fleet.ci.waitForVm(long.id, "ended");
const leftovers = await fleet.stop();
await github.close();
console.log(
  JSON.stringify({
    working: working.map(({ host, ip }) => ({ host, ip })),
    ends: [shortEnd, longEnd].map(({ end, attempt }) => ({ reason: end?.reason, attempt })),
    longMeanwhile: { state: longMeanwhile.state, job: longMeanwhile.job.state },
    results: github.jobs().map(({ name, result, conclusion }) => ({ name, result, conclusion })),
    leftovers,
  }),
);
