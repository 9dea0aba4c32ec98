import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { availableEngines, engineKinds, insideLab } from "./available-engines.ts";
import { makeSpec, processesNaming, run, shell, startGuest, uniqueSeconds, until } from "./guest-fixture.ts";

const engines = await availableEngines();
/** Inside the lab this file is one test of another. */
const kills = insideLab ? 4 : 20;

describe.each(engineKinds)("the power of a %s guest", (kind) => {
  const engine = engines.get(kind);
  const powerTest = test.skipIf(engine === undefined);
  const start = async (): ReturnType<typeof startGuest> => {
    if (engine === undefined) throw new Error("no such engine here");
    return startGuest(engine);
  };

  powerTest("is cut by powerOff, with every process gone when it returns", async () => {
    await using started = await start();
    const seconds = uniqueSeconds();
    const running = run(started.guest, ["/bin/sh", "-c", `setsid sleep ${seconds} & sleep ${seconds}`]);
    await until(() => processesNaming(`sleep\0${seconds}`).length === 2, "both sleeps run");
    await started.guest.powerOff();
    expect(processesNaming(seconds)).toEqual([]);
    expect(processesNaming(started.spec.diskDir)).toEqual([]);
    expect((await running).exit).toEqual({ kind: "signaled" });
    expect((await run(started.guest, ["true"])).exit).toEqual({ kind: "signaled" });
    await started.guest.powerOff();
  });

  powerTest.each(["sudo -n shutdown -h now", "sudo halt", "sudo /sbin/shutdown -h +0", "sudo poweroff"])(
    "goes off from inside by %s",
    async (command) => {
      await using started = await start();
      const seconds = uniqueSeconds();
      await shell(started.guest, `setsid sleep ${seconds} >/dev/null 2>&1 &`);
      const line = command.startsWith("sudo /") ? command : `PATH=$PATH:/sbin; ${command}`;
      const going = shell(started.guest, line);
      await started.guest.poweredOff;
      expect((await going).exit).toEqual({ kind: "signaled" });
      expect(processesNaming(seconds)).toEqual([]);
    },
  );

  powerTest("goes off by a detached process as well", async () => {
    await using started = await start();
    const outcome = await shell(
      started.guest,
      "setsid nohup sh -c 'sleep 0.05; sudo /sbin/shutdown -h now' >/dev/null 2>&1 </dev/null &",
    );
    expect(outcome.exit).toEqual({ kind: "exited", code: 0 });
    await started.guest.poweredOff;
  });

  powerTest("does not go off for one who is not root, or looks for shutdown in the wrong place", async () => {
    await using started = await start();
    const bare = await shell(started.guest, "sudo shutdown -h now");
    expect(bare).toMatchObject({ exit: { kind: "exited", code: 127 } });
    expect(bare.stderr).toContain("command not found: shutdown");
    const user = await shell(started.guest, "PATH=$PATH:/sbin; shutdown -h now");
    expect(user).toMatchObject({ exit: { kind: "exited", code: 1 } });
    expect(user.stderr).toContain("NOT super-user");
    expect((await shell(started.guest, "echo on")).stdout).toBe("on\n");
  });

  test.skipIf(engine === undefined || kind !== "process")(
    "goes off when its watchdog is killed",
    async () => {
      await using started = await start();
      const seconds = uniqueSeconds();
      await shell(started.guest, `setsid sleep ${seconds} >/dev/null 2>&1 &`);
      process.kill(
        Number(await readFile(path.join(started.spec.diskDir, ".sim/run/init.pid"), "utf8")),
        "SIGKILL",
      );
      await started.guest.poweredOff;
      expect(processesNaming(seconds)).toEqual([]);
    },
  );

  // Only where the guest has a pid namespace: elsewhere the life line is out of its reach.
  test.skipIf(engine === undefined || kind === "process")(
    "is cut even when the guest holds its life line",
    async () => {
      await using started = await start();
      const stop = 'for p in /proc/[0-9]*; do [ "$(cat $p/comm)" != cat ] || kill -STOP ${p#/proc/}; done';
      expect((await shell(started.guest, stop)).exit).toEqual({ kind: "exited", code: 0 });
      await started.guest.powerOff();
      expect(processesNaming(started.spec.diskDir)).toEqual([]);
    },
  );

  powerTest(`ends with its owner, however that was killed, ${kills} times`, async () => {
    const owner = path.join(import.meta.dirname, "owner.ts");
    const killOne = async (index: number): Promise<void> => {
      await using spec = await makeSpec();
      const seconds = uniqueSeconds();
      const argv = [owner, JSON.stringify(spec), seconds, String(index % 3)];
      const child = spawn(process.execPath, argv, {
        env: { ...process.env, TART_SIM_ENGINE: kind },
        stdio: ["ignore", "pipe", "inherit"],
      });
      const exited = once(child, "exit");
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
      const stage = index % 4 === 0 ? "chosen" : index % 4 === 1 ? "started" : "busy";
      await until(() => output.includes(stage) || child.exitCode !== null, `the owner says ${stage}`);
      await delay(Math.random() * 60);
      child.kill("SIGKILL");
      await exited;
      expect(child.signalCode).toBe("SIGKILL");
      await until(
        () => processesNaming(seconds).length + processesNaming(spec.diskDir).length === 0,
        `nothing is left of the guest whose owner was killed when ${stage}`,
      );
      // And nothing comes back.
      await delay(100);
      expect(processesNaming(seconds)).toEqual([]);
    };
    for (let index = 0; index < kills; index += 4) {
      await Promise.all([0, 1, 2, 3].map(async (offset) => killOne(index + offset)));
    }
  });
});
