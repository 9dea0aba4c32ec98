import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { connect } from "@tartfleet/client/node";
import { execa, type Options } from "execa";
import { expect, test } from "vitest";
import { IMAGE } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const EXAMPLES = fileURLToPath(new URL("../../../../examples/", import.meta.url));

const lab = useLab();

const has = async (...programs: string[]) => {
  const found = await Promise.all(programs.map((each) => execa(each, ["--version"], { reject: false })));
  return found.every(({ exitCode }) => exitCode === 0);
};
const [hasCurl, hasPython] = await Promise.all([has("curl", "jq"), has("python3")]);

const EXAMPLE_PROGRAMS = [
  { name: "curl.sh", command: [`${EXAMPLES}curl.sh`], isThere: hasCurl },
  { name: "typescript", command: [process.execPath, `${EXAMPLES}typescript/run.ts`], isThere: true },
  { name: "python", command: ["python3", `${EXAMPLES}python/run.py`], isThere: hasPython },
];

function start([file = "", ...args]: readonly string[], image: string, input: string) {
  const env = { TARTFLEET_URL: lab.fleet.url(), TARTFLEET_TOKEN: lab.fleet.ciToken };
  return execa(file, [...args, image], { input, env, reject: false } satisfies Options);
}

for (const { name, command, isThere } of EXAMPLE_PROGRAMS) {
  // Skipped where its program is not installed.
  test.skipIf(!isThere)(`the example for ${name} runs a script, and leaves nothing`, async () => {
    const [ran, failed] = await Promise.all([
      start(command, IMAGE, "echo built; exit 3\n"),
      start(command, "registry.example.com/macos/typo:1", "true\n"),
    ]);
    expect(ran.stdout, ran.stderr).toBe("built");
    expect(ran.exitCode).toBe(3);
    expect(failed.exitCode, failed.stderr).toBe(1);
    expect(failed.stderr).toContain("image");
    expect((await lab.fleet.api.listVms()).filter(({ endedAt }) => endedAt === null)).toEqual([]);
  });
}

test("the client runs a command in a VM, and ends the VM", async () => {
  const client = connect({ url: lab.fleet.url(), token: lab.fleet.ciToken });
  const { vm } = await client.createVm({ image: IMAGE });
  expect(await client.waitForVm(vm.id, "ready")).toMatchObject({ state: "ready" });
  const stdout = new PassThrough();
  const shown = text(stdout);
  const stdin = Readable.from([Buffer.from("echo from the guest; exit 7\n")]);
  expect(await client.exec(vm.id, ["/bin/sh"], { stdin, stdout })).toBe(7);
  stdout.end();
  expect(await shown).toBe("from the guest\n");

  const stop = new AbortController();
  const output = new PassThrough().once("data", () => stop.abort(new Error("cancelled")));
  const running = client.exec(vm.id, ["/bin/sh", "-c", "echo begun; sleep 300"], {
    stdout: output,
    signal: stop.signal,
  });
  await expect(running).rejects.toThrow("cancelled");

  const printed = new PassThrough();
  await client.logs(vm.id, { stdout: printed });
  printed.end();
  expect(await text(printed)).toBe("");
  expect(await client.endVm(vm.id)).toMatchObject({ end: { reason: "client" } });
  const states: string[] = [];
  for await (const { state } of client.followEvents(vm.id)) states.push(state);
  expect(states.at(-1)).toBe("deleted");
  await expect(client.exec(vm.id, ["true"], { stdout })).rejects.toMatchObject({ code: "vm_not_reachable" });
});
