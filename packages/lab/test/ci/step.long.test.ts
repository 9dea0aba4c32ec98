import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { until } from "../../src/fleet/until.ts";
import { IMAGE, letGo, UNTIL_LET_GO } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const INTEGRATIONS = fileURLToPath(new URL("../../../../integrations/", import.meta.url));
const CLI = `${process.execPath} ${fileURLToPath(new URL("../../../cli/dist/main.mjs", import.meta.url))}`;

const lab = useLab();

const actionSchema = z.object({
  inputs: z.record(
    z.string(),
    z.object({ default: z.string().optional(), required: z.boolean().optional() }),
  ),
  runs: z.object({
    using: z.literal("composite"),
    steps: z.array(
      z.strictObject({
        id: z.string().optional(),
        if: z.literal("always()").optional(),
        shell: z.literal("bash"),
        env: z.record(z.string(), z.string()).default({}),
        run: z.string(),
      }),
    ),
  }),
});

/** What is done while the action's run has shown a text; to its process group. */
interface Meanwhile {
  shown: string;
  act: (group: number) => unknown;
}

const cancel = (group: number) => process.kill(-group, "SIGINT");

/** Runs the action as GitHub's runner does: step after step, after a failure or a cancellation those with always(). */
async function runAction(
  given: Record<string, string>,
  env: Record<string, string> = {},
  meanwhile?: Meanwhile,
) {
  const folder = `${INTEGRATIONS}github-action`;
  const { inputs, runs } = actionSchema.parse(parse(await readFile(`${folder}/action.yml`, "utf8")));
  const values: Record<string, string> = { ...given };
  for (const [name, input] of Object.entries(inputs))
    values[`inputs.${name}`] = given[name] ?? input.default ?? "";
  const dir = await mkdtemp(join(tmpdir(), "action-"));
  const outputs: string[] = [];
  let failed: number | undefined;
  for (const step of runs.steps) {
    if (failed !== undefined && step.if === undefined) continue;
    const filled = Object.entries(step.env).map(([name, text]) => [
      name,
      text.replaceAll(
        /\$\{\{ (.*?) \}\}/g,
        (_, expression: string) => values[expression] ?? `no ${expression}`,
      ),
    ]);
    const output = join(dir, "output");
    await writeFile(output, "");
    // GitHub's own way to call bash.
    const script = join(dir, "step.sh");
    await writeFile(script, step.run);
    const running = execa("bash", ["--noprofile", "--norc", "-e", "-o", "pipefail", script], {
      all: true,
      reject: false,
      detached: true,
      cwd: dir,
      env: {
        ...env,
        ...Object.fromEntries(filled),
        GITHUB_ACTION_PATH: folder,
        GITHUB_OUTPUT: output,
        GITHUB_RUN_ID: "77",
        GITHUB_RUN_ATTEMPT: "1",
      },
    });
    if (step.id === "run" && meanwhile) {
      await new Promise<void>((resolve) => {
        let seen = "";
        running.all.on("data", (chunk: Buffer) => {
          seen += chunk.toString();
          if (seen.includes(meanwhile.shown)) resolve();
        });
      });
      await meanwhile.act(running.pid ?? 0);
    }
    const { exitCode = 1, all } = await running;
    outputs.push(all ?? "");
    if (exitCode !== 0) failed ??= exitCode;
    for (const line of (await readFile(output, "utf8")).split("\n").filter((each) => each !== "")) {
      const [name = "", value = ""] = line.split("=", 2);
      values[`steps.${step.id}.outputs.${name}`] = value;
    }
  }
  await rm(dir, { recursive: true });
  return { failed, log: outputs.join("\n"), vmId: values["steps.run.outputs.vm-id"] ?? "" };
}

const inputs = (run: string) => ({
  url: lab.fleet.url(),
  token: lab.fleet.ciToken,
  image: IMAGE,
  run,
  cli: CLI,
});

const ended = (id: string) =>
  until("the VM to be gone", async () => {
    const { endedAt, end } = await lab.fleet.api.getVm(id);
    return endedAt === null ? undefined : end?.reason;
  });

test("the action runs a script with its variables and files, and ends its VM", async () => {
  const upload = await mkdtemp(join(tmpdir(), "upload-"));
  await writeFile(join(upload, "greeting"), "from a file");
  const run = 'cat greeting\necho "$WORD"\ncat\necho done';
  const word = 'it\'s $HOME "and" more';
  // Without a command of its own: by npm, as the action brings it along.
  const given = { ...inputs(run), cli: "", env: "WORD", upload };
  const { failed, log, vmId } = await runAction(given, { WORD: word });
  expect(failed, log).toBe(undefined);
  expect(log).toContain(`from a file${word}\ndone`);
  expect(await ended(vmId)).toBe("client");
  await rm(upload, { recursive: true });
});

test("the action's step fails as its script does, and its VM ends", async () => {
  const { failed, log, vmId } = await runAction(inputs("echo begun\nfalse | cat\necho never; exit 9"));
  expect(failed, log).toBe(1);
  expect(log).not.toContain("never");
  expect(await ended(vmId)).toBe("client");
});

test("a job that is cancelled in the step leaves no VM", async () => {
  const { failed, vmId } = await runAction(
    inputs("echo begun\nsleep 300"),
    {},
    { shown: "begun", act: cancel },
  );
  expect(failed).toBeGreaterThan(0);
  expect(await ended(vmId)).toBe("client");
});

test("a restart of the control plane cuts the way and ends no step; what ran runs once", async () => {
  const run = `echo run >>~/runs; echo begun\n${UNTIL_LET_GO}\ncat ~/runs; exit 3`;
  const act = async () => {
    const [vm] = await lab.fleet.api.listVms({ state: "ready" });
    if (!vm) throw new Error("the step has no VM");
    await lab.fleet.controlPlane.kill("SIGKILL");
    await lab.fleet.controlPlane.start();
    await letGo(lab.fleet, await lab.fleet.api.getVm(vm.id));
  };
  const { failed, log, vmId } = await runAction(inputs(run), {}, { shown: "begun", act });
  expect(failed, log).toBe(3);
  expect(log.match(/^(begun|run)$/gm)).toEqual(["begun", "run"]);
  expect(await ended(vmId)).toBe("client");
});

test("GitLab's template runs its script in a VM, and after_script ends that", async () => {
  const template = z
    .object({
      ".macos-vm": z.object({
        variables: z.record(z.string(), z.string()),
        script: z.array(z.string()),
        after_script: z.array(z.string()),
      }),
    })
    .parse(parse(await readFile(`${INTEGRATIONS}gitlab/macos.yml`, "utf8")));
  const { variables, script, after_script } = template[".macos-vm"];
  const dir = await mkdtemp(join(tmpdir(), "project-"));
  await writeFile(join(dir, "greeting"), "hello\n");
  const given: Record<string, string> = {
    CI_JOB_ID: "31",
    CI_PROJECT_DIR: dir,
    ...variables,
    TARTFLEET_HOME: join(INTEGRATIONS, ".."),
    TARTFLEET_CLI: CLI,
    TARTFLEET_URL: lab.fleet.url(),
    TARTFLEET_TOKEN: lab.fleet.ciToken,
    MACOS_IMAGE: IMAGE,
    MACOS_SCRIPT: "cat greeting; exit 4",
  };
  const expanded = Object.fromEntries(
    Object.entries(given).map(([name, text]) => [
      name,
      text.replaceAll(/\$(\w+)/g, (whole, other: string) => given[other] ?? whole),
    ]),
  );
  const shell = (lines: string[]) =>
    execa("bash", ["-eo", "pipefail", "-c", lines.join("\n")], { env: expanded, all: true, reject: false });
  const ran = await shell(script);
  expect(ran.exitCode, ran.all).toBe(4);
  expect(ran.stdout).toBe("hello");
  const cleaned = await shell(after_script);
  expect(cleaned.exitCode, cleaned.all).toBe(0);
  const [vm] = await lab.fleet.api.listVms({ label: "step=gitlab-31" });
  expect(await ended(vm?.id ?? "")).toBe("client");
  await rm(dir, { recursive: true });
});
