import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { auditPageSchema } from "@tartfleet/shared";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { inState, letGo, scriptVm, UNTIL_LET_GO } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const MAIN = fileURLToPath(new URL("../../../cli/dist/main.mjs", import.meta.url));

// By process their guests have an sshd on every machine, on this port.
const lab = useLab({
  engine: "process",
  agent: { "ssh-port": 2222 },
  // For what was printed last to be read before the guest goes.
  controlPlane: { "exit-settle-seconds": 3 },
});

/** The CLI as a CI engineer calls it. */
const tartfleet = (args: readonly string[], input: string | Buffer = "", token = lab.fleet.ciToken) =>
  execa(process.execPath, [MAIN, ...args], {
    input,
    reject: false,
    encoding: "buffer",
    stripFinalNewline: false,
    env: { TARTFLEET_URL: lab.fleet.url(), TARTFLEET_TOKEN: token },
  });

async function readyVm(): Promise<string> {
  const { id } = await lab.fleet.api.createVm(scriptVm("sleep 300"));
  await inState(lab.fleet, id, "ready");
  return id;
}

const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe("vm exec", () => {
  test("carries megabytes both ways, both outputs, and the exit code", async () => {
    const id = await readyVm();
    const input = randomBytes(10 << 20);
    const script = "cat; echo said aside >&2; exit 7";
    const ran = await tartfleet(["vm", "exec", id, "--", "/bin/sh", "-c", script], input);
    expect(text(ran.stderr)).toBe("said aside\n");
    expect(hashOf(ran.stdout)).toBe(hashOf(input));
    expect(ran.exitCode).toBe(7);

    const missing = await tartfleet(["vm", "exec", id, "--", "no-such-program"]);
    expect(missing.exitCode).toBe(127);
    const words = ["a b", "$HOME", "'", "-n", "%"];
    const echoed = await tartfleet(["vm", "exec", id, "--", "/usr/bin/printf", "%s\\n", ...words]);
    expect(text(echoed.stdout)).toBe(`${words.join("\n")}\n`);

    const listed = await tartfleet(["--json", "audit", "list"], "", lab.fleet.adminToken);
    const { records } = auditPageSchema.pick({ records: true }).parse(JSON.parse(text(listed.stdout)));
    const rows = records.filter(({ action }) => action.startsWith("vm.tunnel")).toReversed();
    expect(rows).toHaveLength(6);
    expect(rows[1]?.details).toMatchObject({ kind: "exec", reason: "closed" });
    expect(JSON.stringify(rows)).not.toContain("said aside");
    await lab.fleet.api.deleteVm(id);
  });

  test("says so when the VM ends meanwhile, and when there is nothing to reach", async () => {
    const id = await readyVm();
    const running = tartfleet(["vm", "exec", id, "--", "/bin/sh", "-c", "echo begun; sleep 300"]);
    running.stdout.once("data", () => void lab.fleet.api.deleteVm(id));
    const cut = await running;
    expect(text(cut.stdout)).toBe("begun\n");
    expect(cut.exitCode).toBe(255);
    expect(text(cut.stderr)).toContain("The VM has ended, or is about to.");
    await until("its end", async () => (await lab.fleet.api.getVm(id)).endedAt ?? undefined);
    const late = await tartfleet(["vm", "exec", id, "--", "true"]);
    expect(late.exitCode).toBe(4);
    expect(text(late.stderr)).toContain("has ended");
    expect((await tartfleet(["vm", "exec", "aaaabbbbccccdddd", "--", "true"])).exitCode).toBe(2);
  });
});

describe("vm logs", () => {
  test("follows what the runner prints from the boot to the VM's end, and shows afterwards what was kept", async () => {
    const { id } = await lab.fleet.api.createVm(scriptVm(`echo begun; ${UNTIL_LET_GO}; echo done; exit 3`));
    const following = tartfleet(["vm", "logs", "-f", id]);
    await new Promise((resolve) => following.stdout.once("data", resolve));
    const shown = await tartfleet(["vm", "logs", id]);
    expect([shown.exitCode, text(shown.stdout)]).toEqual([0, "begun\n"]);
    await letGo(lab.fleet, await lab.fleet.api.getVm(id));
    const followed = await following;
    expect(text(followed.stdout)).toBe("begun\ndone\n");
    expect(text(followed.stderr)).toContain("runner_exited");
    expect(followed.exitCode).toBe(0);

    const kept = await tartfleet(["vm", "logs", "--json", id]);
    expect(kept.exitCode).toBe(0);
    const lines = text(kept.stdout)
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toContainEqual({ from: "runner", text: "begun\ndone\n" });
  });
});

describe("vm hold", () => {
  test("keeps a VM whose script failed: its guest can be gone into, until it is let go", async () => {
    const failing = scriptVm("echo evidence >~/evidence; exit 3", { holdOnFailureSeconds: 1800 });
    const { id } = await lab.fleet.api.createVm(failing);
    await until("it to be kept", async () => (await lab.fleet.api.getVm(id)).hold?.isKept || undefined);
    const seen = await tartfleet(["vm", "exec", id, "--", "/bin/sh", "-c", "cat ~/evidence"]);
    expect([seen.exitCode, text(seen.stdout)]).toEqual([0, "evidence\n"]);
    const shown = await tartfleet(["vm", "get", id]);
    expect(text(shown.stdout)).toContain("Its runner exited with 3.");
    expect((await tartfleet(["vm", "unhold", id])).exitCode).toBe(0);
    const ended = await lab.fleet.api.waitForVm(id, "ended");
    expect(ended).toMatchObject({ end: { reason: "runner_exited" }, scriptResult: { exitCode: 3 } });
  });
});

const hasSsh = await execa("ssh", ["-V"]).then(
  () => true,
  () => false,
);

describe.skipIf(!hasSsh)("vm ssh (needs OpenSSH's client)", () => {
  test("logs in through the control plane: a megabyte both ways and the exit code, and a local address for vnc", async () => {
    const id = await readyVm();
    const key = join(lab.fleet.dir, "key");
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    const put = ["/bin/sh", "-c", "umask 077; mkdir -p ~/.ssh; cat > ~/.ssh/authorized_keys"];
    const allowed = await tartfleet(["vm", "exec", id, "--", ...put], await readFile(`${key}.pub`));
    expect(allowed.exitCode).toBe(0);

    // Below ssh2's window: its server, which stands in for sshd here, now and then loses the end of what is more.
    const input = randomBytes(1 << 20);
    const login = ["vm", "ssh", id, "--", "-i", key, "-o", "BatchMode=yes"];
    const ran = await tartfleet([...login, "cat; echo aside >&2; exit 7"], input);
    expect(text(ran.stderr)).toBe("aside\n");
    expect(hashOf(ran.stdout)).toBe(hashOf(input));
    expect(ran.exitCode).toBe(7);

    // Nothing listens on the guest's port for vnc: the connection is ended, with a word on stderr.
    const vnc = tartfleet(["vm", "vnc", id]);
    const [url] = await new Promise<Buffer[]>((resolve) =>
      vnc.stdout.once("data", (line: Buffer) => resolve([line])),
    );
    const told = new Promise((resolve) => vnc.stderr.once("data", resolve));
    const port = Number(new URL(text(url ?? new Uint8Array()).trim()).port);
    const viewer = connect({ host: "127.0.0.1", port });
    viewer.on("error", () => {});
    await new Promise((resolve) => viewer.once("close", resolve));
    await told;
    vnc.kill("SIGINT");
    expect(text((await vnc).stderr)).toContain("Nothing listens on port 5900");
    await lab.fleet.api.deleteVm(id);
    await until("its end", async () => (await lab.fleet.api.getVm(id)).endedAt ?? undefined);
  });
});
