import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../guest/http-recorder.ts";
import { failure, LINUX, MACOS, makeSimMac, value, VM, vmNamed, type Form, type SimMac } from "./sim-mac.ts";

const { signal } = new AbortController();

/** What holds of a running VM, whoever started it. */
export const runningVm = (form: Form) =>
  describe(`a running VM, started by way of ${form},`, () => {
    let mac: SimMac;
    beforeEach(async () => {
      mac = await makeSimMac({ cached: [MACOS, LINUX] }, {}, form);
    });
    afterEach(async () => {
      await mac[Symbol.asyncDispose]();
    });

    it("is a process that another agent finds again by pid and start, or by the VM's name", async () => {
      const { tart } = mac;
      const run = await mac.started(VM);
      await until(async () => value(await tart.listLocal())[0]?.state === "running");
      const second = mac.secondTart();
      const adopted = await second.findRun(VM, { pid: run.pid, startedAt: run.startedAt });
      expect(adopted).toMatchObject({ pid: run.pid, startedAt: run.startedAt });
      expect(await second.findRun(VM)).toMatchObject({ pid: run.pid, startedAt: run.startedAt });
      expect(await second.findRun(VM, { pid: run.pid, startedAt: "another" })).toBeUndefined();
      expect(await second.findRun(vmNamed(2))).toBeUndefined();
      await until(async () => (await tart.ip(VM, { signal })).ok);
      expect(await adopted?.signal("SIGINT")).toBe(true);
      // A child's end is told to its parent alone.
      const known = form === "child" ? { exitCode: null, signal: null } : { exitCode: 0, signal: null };
      expect(await adopted?.exited).toEqual(known);
      expect(await run.exited).toEqual({ exitCode: 0, signal: null });
      expect(await adopted?.signal("SIGKILL")).toBe(false);
      expect(await second.findRun(VM, { pid: run.pid, startedAt: run.startedAt })).toBeUndefined();
      expect(await tart.runEnd(mac.log(VM))).toMatchObject({ cause: "stopped", failure: null });
    });

    it("has a session of its own and no pipe of the agent's", async () => {
      const { pid } = await mac.started(VM);
      const stat = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ");
      expect(stat?.[3]).toBe(String(pid));
      await mac.tart.stop(VM);
    });

    it("has an address, is stopped and deleted", async () => {
      const { tart } = mac;
      const run = await mac.started(VM, LINUX);
      await until(async () => (await tart.ip(VM, { signal })).ok);
      expect(value(await tart.ip(VM, { signal }))).toMatch(/^127\.\d+\.\d+\.\d+$/);
      value(await tart.stop(VM));
      expect(await run.exited).toEqual({ exitCode: 0, signal: null });
      value(await tart.stop(VM));
      value(await tart.delete(VM));
      expect(value(await tart.listLocal())).toEqual([]);
      value(await tart.delete(VM));
      expect(failure(await tart.stop(VM)).class).toBe("NOT_FOUND");
      expect(await mac.hasDirectory(VM)).toBe(false);
    });

    it("that was killed leaves a VM that runs again, over the socket it left behind", async () => {
      const { tart } = mac;
      const run = await mac.started(VM);
      await until(async () => (await tart.probeAgent(VM, { signal })) === "answers");
      await run.signal("SIGKILL");
      const exit = await run.exited;
      expect(await tart.runEnd(mac.log(VM), exit)).toMatchObject({ cause: "killed", failure: null });
      const again = value(await tart.run(VM, { run: {}, logPath: mac.log(VM) }));
      await until(async () => (await tart.probeAgent(VM, { signal })) === "answers");
      expect(await tart.execIsDead(mac.log(VM))).toBe(false);
      expect(await again.signal("SIGKILL")).toBe(true);
      await again.exited;
    });
  });
