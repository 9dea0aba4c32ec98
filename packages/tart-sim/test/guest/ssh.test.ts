import { Client, utils, type ConnectConfig } from "ssh2";
import { describe, expect, test } from "vitest";
import { availableEngines, engineKinds, insideLab } from "./available-engines.ts";
import {
  collect,
  processesNaming,
  run,
  shell,
  startGuest,
  uniqueSeconds,
  until,
  type TestGuest,
} from "./guest-fixture.ts";

const engines = await availableEngines();

interface SshOutcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

const as = (started: TestGuest, rest: ConnectConfig): ConnectConfig => ({
  host: started.spec.ip,
  port: insideLab ? 22 : 2222,
  username: "admin",
  readyTimeout: 15_000,
  ...rest,
});

async function connect(config: ConnectConfig): Promise<Client> {
  const client = new Client();
  const { promise, resolve, reject } = Promise.withResolvers<Client>();
  client.on("ready", () => resolve(client)).on("error", reject);
  client.connect(config);
  return promise;
}

async function ssh(client: Client, line: string, stdin?: string): Promise<SshOutcome> {
  const { promise, resolve, reject } = Promise.withResolvers<SshOutcome>();
  client.exec(line, (error, channel) => {
    if (error) return reject(error);
    const [stdout, stderr] = [collect(), collect()];
    channel.pipe(stdout);
    channel.stderr.pipe(stderr);
    let code: number | null = null;
    channel.on("exit", (exitCode: number | null) => (code = exitCode));
    channel.on("close", () => resolve({ code, stdout: stdout.text(), stderr: stderr.text() }));
    channel.end(stdin);
  });
  return promise;
}

describe.each(engineKinds)("ssh into a %s guest", (kind) => {
  const engine = engines.get(kind);
  const sshTest = (what: string, body: (started: TestGuest) => Promise<void>): void => {
    test.skipIf(engine === undefined)(what, async () => {
      if (engine === undefined) return;
      await using started = await startGuest(engine);
      await started.guest.startSshd();
      await body(started);
    });
  };

  sshTest("runs commands for admin, password admin", async (started) => {
    const client = await connect(as(started, { password: "admin" }));
    expect(await ssh(client, "echo out; echo err >&2; exit 7")).toEqual({
      code: 7,
      stdout: "out\n",
      stderr: "err\n",
    });
    expect((await ssh(client, "cat", "sent")).stdout).toBe("sent");
    const mac = await ssh(
      client,
      "sw_vers -productName; ipconfig getifaddr en0; id -un; hostname; pwd; echo $HOME",
    );
    const [product, ip, user, host, cwd, home] = mac.stdout.split("\n");
    expect([product, ip, user, host]).toEqual(["macOS", started.spec.ip, "admin", started.spec.name]);
    expect(cwd).toBe(home);
    // No login shell: /sbin is there, Homebrew is not.
    expect((await ssh(client, "echo $PATH")).stdout).toMatch(/(?:^|:)\/usr\/bin:\/bin:\/usr\/sbin:\/sbin\n$/);
    expect((await ssh(client, "gitlab-runner --version")).code).toBe(127);
    client.end();
  });

  sshTest("takes a key of authorized_keys, and nobody else", async (started) => {
    const key = utils.generateKeyPairSync("ecdsa", { bits: 256 });
    const other = utils.generateKeyPairSync("ecdsa", { bits: 256 });
    await run(started.guest, ["/bin/sh", "-c", "mkdir -p ~/.ssh && cat >>~/.ssh/authorized_keys"], {
      stdin: `${key.public}\n`,
    });
    const client = await connect(as(started, { privateKey: key.private }));
    expect((await ssh(client, "echo in")).stdout).toBe("in\n");
    client.end();
    await expect(connect(as(started, { privateKey: other.private }))).rejects.toThrow(/authentication/);
    await expect(connect(as(started, { password: "root" }))).rejects.toThrow(/authentication/);
    await expect(connect(as(started, { username: "root", password: "admin" }))).rejects.toThrow(
      /authentication/,
    );
  });

  sshTest(
    "leaves what was detached running when the connection ends, until the guest does",
    async (started) => {
      const seconds = uniqueSeconds();
      const client = await connect(as(started, { password: "admin" }));
      await ssh(client, `setsid nohup sleep ${seconds} >/dev/null 2>&1 </dev/null & exit 0`);
      client.end();
      await until(() => processesNaming(`sleep\0${seconds}`).length === 1, "sleep runs");
      expect((await shell(started.guest, "echo on")).stdout).toBe("on\n");
      await started.guest.powerOff();
      expect(processesNaming(seconds)).toEqual([]);
      await expect(connect(as(started, { password: "admin" }))).rejects.toThrow(/ECONNREFUSED|EHOSTUNREACH/);
    },
  );
});
