/**
 * Runs inside lab-net.sh with two Macs. The agent of the first and the guests of the second are cut off from the
 * control plane by their Macs' firewalls, with VMs at work and booting, for longer than lease and grace of silence
 * would allow; then both are let through again. Prints what happened as JSON.
 */
import { startFakeGitHub } from "@tartfleet/tart-sim";
import { execa } from "execa";
import { until } from "../../src/fleet/until.ts";
import { atWork, githubVm, giveUpSoon, inState, startLab } from "./lab.ts";
import { stopwatch } from "./stopwatch.ts";

const CONTROL_PLANE = "10.77.0.1";
const github = await startFakeGitHub({ host: "10.77.0.254" });
const fleet = await startLab({
  hosts: 2,
  engine: "netns",
  speed: 20,
  address: CONTROL_PLANE,
  controlPlane: { "heartbeat-seconds": 1, "lease-seconds": 5, "silent-grace-seconds": 3600 },
  agent: (index) => ({ label: `mac-${index + 1}=yes` }),
  sim: () => ({ subnet: "192.168.64" }),
  wrap: (program) => [
    "ip",
    "netns",
    "exec",
    program === "control-plane" ? "lab-cp" : `lab-mac${program.host + 1}`,
  ],
});
const { api } = fleet;

/** Packets are dropped without a word, as a cable that was pulled drops them. */
async function firewall(mac: number, change: "-I" | "-D", chain: string, from: string): Promise<void> {
  const rule = [change, chain, from, CONTROL_PLANE, "-j", "DROP"];
  await execa("ip", ["netns", "exec", `lab-mac${mac}`, "iptables", ...rule]);
}
const agentOfFirst = (change: "-I" | "-D") =>
  Promise.all([firewall(1, change, "INPUT", "-s"), firewall(1, change, "OUTPUT", "-d")]);
const guestsOfSecond = (change: "-I" | "-D") => firewall(2, change, "FORWARD", "-d");

const create = (name: string, mac: string, seconds: number) =>
  api.createVm({ ...githubVm(github, name, { seconds }), hostLabels: { [mac]: "yes" } });
const works = await Promise.all(
  ["mac-1", "mac-2", "mac-2"].map(async (mac, index) => {
    const { id } = await create(["first", "second", "hopeless"][index] ?? "", mac, 12);
    return await atWork(fleet, id);
  }),
);
const [first, second, hopeless] = works;
if (!first || !second || !hopeless) throw new Error("there should be three VMs at work");
const boots = await create("boots", "mac-1", 1);
await inState(fleet, boots.id, "booting");

await Promise.all([agentOfFirst("-I"), guestsOfSecond("-I")]);
await giveUpSoon(fleet, hopeless);
const silent = await until("the first Mac to be silent", async () => {
  const vm = await api.getVm(first.id);
  return vm.unreachableSince === null ? undefined : vm;
});
for (const name of ["first", "second", "hopeless"]) await github.settled(name);
const hopelessEnd = await api.waitForVm(hopeless.id, "ended");
const meanwhile = await Promise.all([second, boots].map(({ id }) => api.getVm(id)));

await Promise.all([agentOfFirst("-D"), guestsOfSecond("-D")]);
const since = stopwatch("after a firewall between Macs and control plane");
const ends = await Promise.all([first, second, boots].map(({ id }) => api.waitForVm(id, "ended")));
const recovered = since.line("all VMs have ended");
const leftovers = await fleet.stop();
await github.close();
console.log(
  JSON.stringify({
    silent: { state: silent.state, job: silent.job.state },
    hopeless: hopelessEnd.end?.reason,
    ended: meanwhile.map(({ end }) => end),
    ends: ends.map(({ end, attempt }) => ({ reason: end?.reason, attempt })),
    results: github.jobs().map(({ result, conclusion }) => `${result}: ${conclusion}`),
    leftovers,
    recovered,
  }),
);
