import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { access, readFile } from "node:fs/promises";
import path from "node:path";
import { PassThrough, Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { availableEngines, engineKinds } from "./available-engines.ts";
import {
  processesNaming,
  run,
  shell,
  startGuest,
  uniqueSeconds,
  until,
  type TestGuest,
} from "./guest-fixture.ts";

const engines = await availableEngines();

describe.each(engineKinds)("commands in a %s guest", (kind) => {
  const engine = engines.get(kind);
  let shared: TestGuest | undefined;
  beforeAll(async () => {
    if (engine !== undefined) shared = await startGuest(engine);
  });
  afterAll(async () => shared?.[Symbol.asyncDispose]());
  const inGuest = (what: string, body: (started: TestGuest) => Promise<void>): void => {
    test.skipIf(engine === undefined)(what, async () => {
      if (shared !== undefined) await body(shared);
    });
  };

  inGuest("end with their exit code", async ({ guest }) => {
    expect((await shell(guest, "exit 0")).exit).toEqual({ kind: "exited", code: 0 });
    expect((await shell(guest, "exit 7")).exit).toEqual({ kind: "exited", code: 7 });
    expect((await shell(guest, "exit 137")).exit).toEqual({ kind: "exited", code: 137 });
    expect((await shell(guest, "kill -9 $$")).exit).toEqual({ kind: "signaled" });
  });

  inGuest("keep stdout and stderr apart", async ({ guest }) => {
    const outcome = await shell(guest, "echo out; echo err >&2; echo out2");
    expect(outcome.stdout).toBe("out\nout2\n");
    expect(outcome.stderr).toBe("err\n");
  });

  inGuest("read stdin to its end", async ({ guest }) => {
    expect((await run(guest, ["cat"], { stdin: "a\nb" })).stdout).toBe("a\nb");
    expect((await run(guest, ["cat"])).stdout).toBe("");
    // One that ends without reading is no error, however much is sent.
    const endless = new PassThrough();
    endless.write(Buffer.alloc(1 << 20));
    expect((await run(guest, ["true"], { stdin: endless })).exit).toEqual({ kind: "exited", code: 0 });
  });

  inGuest("pass megabytes unharmed both ways", async ({ guest }) => {
    const sent = Buffer.alloc(5 << 20, "0123456789abcdef");
    const outcome = await run(guest, ["sha256sum"], { stdin: sent.toString() });
    expect(outcome.stdout).toContain(createHash("sha256").update(sent).digest("hex"));
    const back = await run(guest, ["cat"], { stdin: sent.toString() });
    expect(back.stdout.length).toBe(sent.length);
  });

  inGuest("get their arguments as they are", async ({ guest }) => {
    const argv = ["printf", "%s|", "--", "-n", "a b", "$HOME", "'\"", "line\nbreak", "é", ""] as const;
    expect((await run(guest, [...argv])).stdout).toBe("--|-n|a b|$HOME|'\"|line\nbreak|é||");
  });

  inGuest("that do not exist are told in Go's words", async ({ guest }) => {
    expect((await run(guest, ["no-such-program"])).exit).toEqual({
      kind: "not_found",
      message: 'exec: "no-such-program": executable file not found in $PATH',
    });
    expect((await run(guest, ["/no/such/program"])).exit).toEqual({
      kind: "not_found",
      message: "fork/exec /no/such/program: no such file or directory",
    });
    expect((await run(guest, ["/etc/passwd"])).exit).toEqual({
      kind: "not_found",
      message: "fork/exec /etc/passwd: permission denied",
    });
  });

  inGuest("die with their children when aborted", async ({ guest }) => {
    const seconds = uniqueSeconds();
    const stop = new AbortController();
    const running = run(guest, ["/bin/sh", "-c", `sleep ${seconds}; true`], { signal: stop.signal });
    await until(() => processesNaming(`sleep\0${seconds}`).length > 0, "sleep runs");
    stop.abort();
    expect((await running).exit).toEqual({ kind: "signaled" });
    await until(() => processesNaming(seconds).length === 0, "sleep is gone");
  });

  inGuest("leave background processes that live on, and die with the guest", async () => {
    if (engine === undefined) return;
    await using started = await startGuest(engine);
    const { guest } = started;
    const [plain, detached] = [uniqueSeconds(), uniqueSeconds()];
    // Output kept open or not: the command ends with its own process, as the guest agent does.
    const outcome = await shell(
      guest,
      `sleep ${plain} & setsid nohup sleep ${detached} >/dev/null 2>&1 & echo started`,
    );
    expect(outcome).toMatchObject({ exit: { kind: "exited", code: 0 }, stdout: "started\n" });
    await until(() => processesNaming(plain).length + processesNaming(detached).length === 2, "both run");
    await guest.powerOff();
    expect([...processesNaming(plain), ...processesNaming(detached)]).toEqual([]);
  });

  inGuest("can be aborted while nobody reads their output", async ({ guest }) => {
    const stop = new AbortController();
    const stuck = new Writable({ write: () => {} });
    const quiet = { stdin: null, stderr: stuck, signal: stop.signal };
    const running = guest.exec({ ...quiet, argv: ["/bin/sh", "-c", "exec cat /dev/zero"], stdout: stuck });
    await until(() => stuck.writableLength > 0, "output arrives");
    stop.abort();
    expect(await running).toEqual({ kind: "signaled" });
  });

  inGuest("have a home that is writable and their own", async ({ guest, spec }) => {
    expect((await shell(guest, 'cd && pwd && [ "$PWD" = "$HOME" ] && echo text >"$HOME/file"')).exit).toEqual(
      { kind: "exited", code: 0 },
    );
    expect(await readFile(path.join(spec.diskDir, "Users/admin/file"), "utf8")).toBe("text\n");
    if (engine === undefined) return;
    await using other = await startGuest(engine);
    await expect(access(path.join(other.spec.diskDir, "Users/admin/file"))).rejects.toThrow("ENOENT");
    expect((await run(other.guest, ["ls", "file"])).exit).toEqual({ kind: "exited", code: 2 });
  });

  inGuest("start with an environment of the guest's", async ({ guest }) => {
    const { stdout } = await run(guest, ["env"]);
    const names = stdout.split("\n").map((line) => line.split("=")[0]);
    expect(names).toEqual(expect.arrayContaining(["HOME", "USER", "LOGNAME", "PATH", "SHELL"]));
    expect(names).not.toContain("VITEST");
    expect(stdout).toContain("USER=admin\n");
    expect((await shell(guest, "echo $PATH")).stdout).toMatch(
      /(?:^|:)\/bin:\/usr\/bin:\/usr\/sbin:.*\/opt\/homebrew\/bin\n$/,
    );
  });

  inGuest("find a Mac", async ({ guest, spec }) => {
    const said = async (line: string): Promise<string> => (await shell(guest, line)).stdout.trim();
    expect(await said("uname -sm")).toBe("Darwin arm64");
    expect(await said("uname -n")).toBe(spec.name);
    expect(await said("hostname")).toBe(spec.name);
    expect(await said("ipconfig getifaddr en0")).toBe(spec.ip);
    expect(await said("sw_vers -productVersion")).toMatch(/^\d+\.\d+/);
    expect(await said("sysctl -n hw.ncpu")).toBe("4");
    expect(await said("id -u; id -un; whoami")).toBe("501\nadmin\nadmin");
    expect(await said("sudo -n -E whoami")).toBe("admin");
    expect(await said("caffeinate -i echo awake")).toBe("awake");
    expect((await run(guest, ["/usr/bin/sw_vers"])).stdout).toContain("macOS");
    expect(await said("xcodebuild -version")).toContain("Xcode");
    // The machine's curl or the stand-in: nobody listens there.
    expect(await said("curl -sS -o /dev/null -w '%{http_code}' http://127.0.0.1:1/ 2>/dev/null")).toBe("000");
  });

  inGuest("find a Mac in a login shell too", async ({ guest, spec }) => {
    // zsh is there always, if need be as a stand-in; bash is the machine's.
    for (const shell of ["/bin/zsh", "/bin/bash"].filter(
      (shell) => shell === "/bin/zsh" || existsSync(shell),
    )) {
      const outcome = await run(guest, [
        shell,
        "-lc",
        "sw_vers -productName; ipconfig getifaddr en0; echo $PATH",
      ]);
      expect(outcome.stderr).toBe("");
      const [product, ip, path] = outcome.stdout.split("\n");
      expect([product, ip]).toEqual(["macOS", spec.ip]);
      expect(path).toMatch(/\/opt\/homebrew\/bin:.*:\/sbin$/);
    }
  });

  inGuest("see ~/.zshenv in zsh, login or not", async ({ guest }) => {
    await shell(guest, `printf "export FROM_ZSHENV='a b'\\n" >>~/.zshenv`);
    expect((await run(guest, ["/bin/zsh", "-c", 'echo "$FROM_ZSHENV"'])).stdout).toBe("a b\n");
    expect((await run(guest, ["/bin/zsh", "-lc", 'echo "$FROM_ZSHENV"'])).stdout).toBe("a b\n");
  });
});
