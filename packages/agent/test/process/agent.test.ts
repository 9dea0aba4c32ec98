import type { Report } from "@tartfleet/shared";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { assignment as anyAssignment, gone, nameOf } from "../support/assignments.ts";
import { until } from "../support/until.ts";
import { MACOS, onStage, type Stage } from "./stage.ts";

const assignment = (n: number) => anyAssignment(n, { image: MACOS });

const about = ({ plane }: Stage, vmId: string) => plane.reports.filter((report) => report.vmId === vmId);
const hasPhase = (stage: Stage, vmId: string, phase: string) =>
  about(stage, vmId).some((report) => report.kind === "phase" && report.phase === phase);
const has = (stage: Stage, vmId: string, kind: Report["kind"]) =>
  about(stage, vmId).some((report) => report.kind === kind);

/** The process that is the VM, as the agent wrote it down. */
async function runOf(stage: Stage, vm: { vmId: string; attempt: number }): Promise<unknown> {
  const entry = await readFile(join(stage.dir, "data/journal", `${nameOf(vm)}.json`), "utf8");
  return (JSON.parse(entry) as { run: unknown }).run;
}

describe("an agent on a simulated Mac", () => {
  test("enrols, brings a VM up, runs its script, takes it down", () =>
    onStage({}, async (stage) => {
      const vm = { ...assignment(1), runnerKind: "script" };
      stage.plane.bootstrap.runner = { kind: "script", script: "echo hello; exit 3", shell: "/bin/bash" };
      stage.plane.want(vm);
      const agent = stage.agent(["--label", "site=attic"]);
      await until("ready", () => hasPhase(stage, vm.vmId, "ready"));
      expect(stage.plane.enrolments).toEqual([{ name: "mac-1", machineId: "machine-0001" }]);
      expect(stage.plane.hellos[0]).toMatchObject({
        machineId: "machine-0001",
        facts: { tartVersion: "2.35.0", labels: { site: "attic" }, phantomSlots: 0 },
      });
      expect(stage.mac.running()).toEqual([nameOf(vm)]);
      const credential = await stat(join(stage.dir, "data/credential.json"));
      expect(credential.mode & 0o777).toBe(0o600);

      stage.plane.want(gone(vm));
      await until("gone", () => has(stage, vm.vmId, "gone"));
      const result = about(stage, vm.vmId).find(({ kind }) => kind === "script_result");
      expect(result).toMatchObject({ exitCode: 3, output: "hello\n", truncated: false });
      expect(await stage.vmNames()).toEqual([]);
      expect(agent.log()).not.toMatch(/vm-token|enrol-me|credential-of/);
      await agent.kill("SIGTERM");
      expect(await agent.exited).toEqual({ code: 0, signal: null });
    }));

  test("kill -9 in the middle of a boot, and of a job, loses and doubles nothing; the guest's end is seen", () =>
    onStage({}, async (stage) => {
      const vm = assignment(1);
      stage.plane.want(vm);
      const first = stage.agent();
      await until("booting", () => hasPhase(stage, vm.vmId, "booting"));
      await first.kill("SIGKILL");
      const run = await runOf(stage, vm);
      const second = stage.agent();
      await until("ready", () => hasPhase(stage, vm.vmId, "ready"));
      expect(await runOf(stage, vm)).toEqual(run);
      expect(stage.mac.running()).toEqual([nameOf(vm)]);
      expect(stage.plane.enrolments).toHaveLength(1);

      await second.kill("SIGKILL");
      const known = stage.plane.reports.length;
      stage.agent();
      await until("told again", () => stage.plane.reports.length > known);
      expect(stage.plane.reports.slice(known)).toMatchObject([{ kind: "phase", phase: "ready" }]);
      expect(stage.plane.bootstraps).toHaveLength(1);
      expect(stage.plane.hellos.at(-1)?.instances).toEqual([
        { vmId: vm.vmId, attempt: 1, running: true, os: "macos" },
      ]);
      // The command may die with its guest.
      await stage.tart("exec", nameOf(vm), "sudo", "-n", "/sbin/shutdown", "-h", "now").catch(() => {});
      await until("run_ended", () => has(stage, vm.vmId, "run_ended"));
      expect(about(stage, vm.vmId).at(-1)).toMatchObject({ cause: "guest_shutdown" });
      expect(has(stage, vm.vmId, "failed")).toBe(false);
    }));

  test("SIGTERM in the middle of a boot leaves the VM running; so does being fenced", () =>
    onStage({}, async (stage) => {
      const vm = assignment(1);
      stage.plane.want(vm);
      const agent = stage.agent();
      await until("booting", () => hasPhase(stage, vm.vmId, "booting"));
      await agent.kill("SIGTERM");
      expect(await agent.exited).toEqual({ code: 0, signal: null });
      const next = stage.agent();
      await until("connected", () => stage.plane.hellos.length === 2);
      stage.plane.fence();
      expect((await next.exited).code).toBe(79);
      expect(next.stderr()).toMatch(/^tartfleet-agent: another agent speaks for this host.*\n$/);
      expect(stage.mac.running()).toEqual([nameOf(vm)]);
    }));

  test("a foreign VM is never touched, an instance that nobody wants is removed after the grace", () =>
    onStage({}, async (stage) => {
      const stray = nameOf(assignment(7));
      await stage.tart("clone", MACOS, "somebodys-vm");
      await stage.tart("clone", MACOS, stray);
      stage.plane.want();
      stage.agent();
      await until("the stray is gone", async () => !(await stage.vmNames()).includes(stray));
      expect(await stage.vmNames()).toEqual(["somebodys-vm"]);
      const facts = [...stage.plane.hellos.map((hello) => hello.facts), ...stage.plane.facts];
      expect(facts.at(-1)?.foreign).toEqual([{ name: "somebodys-vm", os: "macos", running: false }]);
    }));

  test("gone during a pull cuts the pull off", () =>
    onStage({ cached: [], speed: 1 }, async (stage) => {
      const vm = assignment(1);
      stage.plane.want(vm);
      stage.agent();
      await until("pulling", () => hasPhase(stage, vm.vmId, "pulling"));
      stage.plane.want(gone(vm));
      await until("gone", () => has(stage, vm.vmId, "gone"));
      expect(about(stage, vm.vmId).filter(({ kind }) => kind === "stop_rung")).toEqual([]);
    }));

  test("one agent a data folder, until it is dead; a credential that was forgotten is renewed with a token", () =>
    onStage({}, async (stage) => {
      const first = stage.agent();
      await until("connected", () => stage.plane.hellos.length === 1);
      const second = stage.agent();
      expect((await second.exited).code).toBe(75);
      expect(second.stderr()).toContain(`pid ${first.child.pid}`);
      await first.kill("SIGKILL");

      stage.plane.credentials.clear();
      const without = stage.agent([], { TARTFLEET_ENROLMENT_TOKEN: "" });
      expect((await without.exited).code).toBe(77);
      expect(without.stderr()).toContain("enrolment token to enrol anew");
      stage.agent();
      await until("connected again", () => stage.plane.hellos.length === 2);
      expect(stage.plane.enrolments).toHaveLength(2);
    }));
});
