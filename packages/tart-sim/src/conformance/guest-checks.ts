import { hold, need } from "./bench.ts";
import type { Check } from "./check.ts";

/** Addresses and commands: what needs a guest that comes up. */
export const guestChecks: readonly Check[] = [
  {
    number: 16,
    title: "ip says why it found nothing, and takes its second for it",
    async run({ tart, blankVm, secondMs }) {
      const vm = await blankVm();
      const dhcp = await tart(["ip", vm]);
      need(dhcp, 1, { stdout: "", stderr: "no IP address found, is your VM running?\n" });
      hold(dhcp.took >= secondMs, `it took ${dhcp.took} ms only`);
      need(await tart(["ip", vm, "--resolver", "agent"]), 1, {
        stderr:
          "no IP address found, is your VM running? (also make sure that Guest agent for Tart is running inside of a VM)\n",
      });
      need(await tart(["ip", vm, "--resolver", "arp"]), 1, {
        stderr:
          "no IP address found, is your VM running? (not all Linux distributions are compatible with the ARP resolver)\n",
      });
    },
  },
  {
    number: 17,
    title: "ip of a stopped VM answers from the old lease",
    async run({ tart, macVm, run }) {
      const vm = await macVm();
      const running = await run(vm);
      const found = await tart(["ip", vm, "--wait", "120"]);
      need(found, 0, { stdout: /^\d+\.\d+\.\d+\.\d+\n$/, stderr: "" });
      need(await tart(["stop", vm]), 0);
      await running.ended;
      need(await tart(["ip", vm]), 0, { stdout: found.stdout });
    },
  },
  {
    number: 18,
    title: "exec carries codes, stdin, dashes and a missing program",
    async run({ tart, macVm, run, untilAgentAnswers }) {
      const vm = await macVm();
      await run(vm);
      await untilAgentAnswers(vm);
      need(await tart(["exec", vm, "true"]), 0, { stdout: "", stderr: "" });
      need(await tart(["exec", vm, "sh", "-c", "echo out; echo err >&2; exit 7"]), 7, {
        stdout: "out\n",
        stderr: "err\n",
      });
      need(await tart(["exec", vm, "sh", "-c", "kill -9 $$"]), 255);
      need(await tart(["exec", "-i", vm, "cat"], { input: "over stdin" }), 0, { stdout: "over stdin" });
      need(await tart(["exec", vm, "cat"], { input: "not forwarded" }), 0, { stdout: "" });
      need(await tart(["exec", vm, "echo", "-i", "--", "--help"]), 0, { stdout: "-i -- --help\n" });
      need(await tart(["exec", vm, "/no/such/program"]), 1, {
        stderr: /^Error: unknown \(2\): (fork\/)?exec/,
      });
      need(await tart(["exec", vm, "no-such-program"]), 1, {
        stderr: 'Error: unknown (2): exec: "no-such-program": executable file not found in $PATH\n',
      });
    },
  },
];
