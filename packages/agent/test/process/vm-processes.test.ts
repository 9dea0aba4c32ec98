import { plistText } from "@tartfleet/launchd";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { assignment as anyAssignment, gone, nameOf } from "../support/assignments.ts";
import { until } from "../support/until.ts";
import { FORMS, macOsFor, type Form } from "../tart/sim-mac.ts";
import { MACOS, onStage, type Stage } from "./stage.ts";

const vm = anyAssignment(1, { image: MACOS });
const GUI = `gui/${userInfo().uid}`;
const AGENT = "dev.tartfleet.agent";
const VM_JOB = `${GUI}/dev.tartfleet.vm.${nameOf(vm)}`;

const reports = ({ plane }: Stage) => plane.reports.filter(({ vmId }) => vmId === vm.vmId);
const hasPhase = (stage: Stage, phase: string) =>
  reports(stage).some((report) => report.kind === "phase" && report.phase === phase);
const pathOf = (stage: Stage, env: Record<string, string>) => `${env["PATH"]}:${stage.mac.env["PATH"]}`;

/** The process that is the VM, as the agent wrote it down. */
async function runOf({ dir }: Stage): Promise<{ pid: number }> {
  const entry = await readFile(join(dir, "data/journal", `${nameOf(vm)}.json`), "utf8");
  return (JSON.parse(entry) as { run: { pid: number } }).run;
}

describe("a VM that ends while no agent is there", () => {
  // All that the log tells of a run that was killed is that it says nothing.
  const causes = { child: "unknown", launchd: "killed" } satisfies Record<Form, string>;

  test.each(FORMS)("is told of by the next one as far as it can be known: %s", (form) =>
    onStage({}, async (stage) => {
      await using macOs = await macOsFor(stage.mac, stage.dir);
      const agent = () =>
        stage.agent(["--vm-processes", form], { ...macOs.env, PATH: pathOf(stage, macOs.env) });
      stage.plane.want(vm);
      const first = agent();
      await until("booting", () => hasPhase(stage, "booting"));
      await first.kill("SIGKILL");
      process.kill((await runOf(stage)).pid, "SIGKILL");
      const jobs = join(stage.dir, "data/launchd");
      await mkdir(jobs, { recursive: true });
      const left = join(jobs, "dev.tartfleet.vm.tf-0123456789abcdef-9.plist");
      if (form === "launchd") await writeFile(left, "left by a Mac that was switched off");
      agent();
      await until("run_ended", () => reports(stage).some(({ kind }) => kind === "run_ended"));
      expect(reports(stage).find(({ kind }) => kind === "run_ended")).toMatchObject({ cause: causes[form] });
      stage.plane.want(gone(vm));
      await until("gone", () => reports(stage).some(({ kind }) => kind === "gone"));
      expect((await macOs.launchctl("print", VM_JOB)).exitCode).toBe(113);
      expect(await readdir(jobs)).toEqual([]);
    }),
  );
});

describe("an agent that is a LaunchAgent", () => {
  test("is restarted by launchctl while its VM's job runs; the same process goes on, and its result arrives", () =>
    onStage({}, async (stage) => {
      await using macOs = await macOsFor(stage.mac, stage.dir);
      const mayEnd = join(stage.dir, "may-end");
      const script = `while [ ! -e '${mayEnd}' ]; do sleep 0.1; done; echo hello; exit 3`;
      stage.plane.bootstrap.runner = { kind: "script", script, shell: "/bin/bash" };
      stage.plane.want({ ...vm, runnerKind: "script" });
      const token = join(stage.dir, "enrolment-token");
      await writeFile(token, stage.plane.enrolmentToken, { mode: 0o600 });
      const path = join(stage.dir, `${AGENT}.plist`);
      const text = plistText({
        folder: "LaunchAgents",
        label: AGENT,
        programArguments: stage.command(["--vm-processes", "launchd", "--enrolment-token-file", token]),
        environment: { PATH: pathOf(stage, macOs.env), HOME: stage.dir },
        keepAlive: true,
        throttleSeconds: 30,
        log: join(stage.dir, "agent.log"),
      });
      await writeFile(path, text, { mode: 0o600 });
      await macOs.launchctl("bootstrap", GUI, path);
      await until("ready", () => hasPhase(stage, "ready"));
      const { pid } = await runOf(stage);
      expect((await macOs.launchctl("print", VM_JOB)).stdout).toContain(`\tpid = ${pid}\n`);

      // The agent's job does not abandon its process group: its VMs have left it.
      await macOs.launchctl("kickstart", "-k", `${GUI}/${AGENT}`);
      await until("connected again", () => stage.plane.hellos.length === 2);
      expect(stage.plane.hellos[1]?.instances).toMatchObject([{ vmId: vm.vmId, running: true }]);
      expect((await runOf(stage)).pid).toBe(pid);
      expect(stage.mac.running()).toEqual([nameOf(vm)]);

      await writeFile(mayEnd, "");
      stage.plane.want({ ...gone(vm), runnerKind: "script" });
      await until("gone", () => reports(stage).some(({ kind }) => kind === "gone"));
      expect(reports(stage).find(({ kind }) => kind === "script_result")).toMatchObject({
        exitCode: 3,
        output: "hello\n",
      });
      expect((await macOs.launchctl("print", VM_JOB)).exitCode).toBe(113);
    }));
});
