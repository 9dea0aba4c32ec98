import { expect, test } from "vitest";
import { scriptVm } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const lab = useLab();

/** What a script printed and ended with in a VM of its own. */
async function run(script: string, parts: Parameters<typeof scriptVm>[1] = {}) {
  const { id } = await lab.fleet.api.createVm(scriptVm(script, parts));
  const vm = await lab.fleet.api.waitForVm(id, "ended");
  expect(vm.end?.reason).toBe("runner_exited");
  return { ...vm.scriptResult, vm };
}

test.concurrent("a script's exit code and output are kept", async () => {
  const result = await run('echo "to stdout"; echo "to stderr" >&2; exit 7');
  expect(result).toMatchObject({ exitCode: 7, output: "to stdout\nto stderr\n", truncated: false });
});

test.concurrent("of a long output the end is kept", async () => {
  const { output, truncated } = await run("seq 1 30000");
  expect(truncated).toBe(true);
  expect(output?.length).toBeLessThanOrEqual(65_536);
  expect(output?.endsWith("29999\n30000\n")).toBe(true);
});

const NASTY = {
  QUOTES: `it's "quoted" \`and\` $HOME \\ !`,
  TWO_LINES: "one\n\n  two\t\n'three\n",
  EMPTY: "",
  EQUALS: "a=b=c",
  BEYOND_ASCII: "äöü ✓ 🍏",
  PERCENT: "%s %d %%",
};

test.concurrent("environment values arrive unchanged, whatever is in them", async () => {
  const names = Object.keys(NASTY);
  const script = names.map((name) => `printf '%s' "$${name}" | base64 | tr -d '\\n'; echo`).join("\n");
  const { output, vm } = await run(script, { env: NASTY });
  const arrived = (output ?? "").split("\n").slice(0, names.length);
  expect(arrived.map((line) => Buffer.from(line, "base64").toString())).toEqual(Object.values(NASTY));
  expect(vm.envNames.toSorted()).toEqual(names.toSorted());
});

/** Speaks to the control plane as the guest's own scripts do, and prints the statuses. */
const WITH_TOKEN = `
. ~/.tartfleet/vm.env
call() {
  printf 'header = "Authorization: Bearer %s"\\n' "$(cat ~/.tartfleet/token)" |
    curl -sS -K - -o /dev/null -w '%{http_code}\\n' -X "$1" "$TARTFLEET_URL$2"
}
`;

test("the VM's token speaks for its VM and its job, and for nothing else", async () => {
  const other = await lab.fleet.api.createVm({ ...scriptVm("sleep 300") });
  const { output, vm } = await run(
    `${WITH_TOKEN}
call DELETE "/v1/vms/$TARTFLEET_VM_ID?phase=job_hook&jobId=of-another"
call DELETE "/v1/vms/${other.id}?phase=runner_exited"
call GET /v1/vms
call GET /v1/hosts
call POST /v1/tokens`,
    { jobId: "mine" },
  );
  expect(output).toBe("409\n403\n403\n403\n403\n");
  const recorded = (await lab.fleet.api.vmEvents(vm.id)).filter(({ data }) => data["jobId"] === "of-another");
  expect(recorded).toMatchObject([{ type: "evidence", source: "guest" }]);

  expect((await lab.fleet.api.getVm(other.id)).end).toBeNull();
  await lab.fleet.api.deleteVm(other.id);
  expect((await lab.fleet.api.waitForVm(other.id, "ended")).end?.reason).toBe("client");
});
