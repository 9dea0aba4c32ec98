import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import SqliteDatabase from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { call, IMAGE, until } from "../helpers/plane.ts";
import { run, tempFolder, type Program } from "../helpers/program.ts";

// Several programs one after the other, on a machine that may be busy.
let folder: ReturnType<typeof tempFolder>;
let data: string;
const programs: Program[] = [];
beforeEach(() => {
  folder = tempFolder();
  data = join(folder.path, "data");
});
afterEach(async () => {
  for (const program of programs.splice(0)) {
    program.kill("SIGKILL");
    await program.exited;
  }
  folder.remove();
});

/** Starts a control plane and returns what speaks to it. */
async function start(env: Record<string, string> = {}, wrap: readonly string[] = []) {
  const program = run(["--listen", "127.0.0.1:0", "--data-dir", data], env, wrap);
  programs.push(program);
  const line = await program.listening();
  const url = String(line["url"]);
  // In a mount namespace of its own the folder is another one than ours.
  const seen = wrap.length === 0 ? "" : `/proc/${program.pid}/root`;
  const token = readFileSync(join(seen, data, "admin-token"), "utf8").trim();
  return {
    program,
    inside: (path: string) => join(seen, path),
    ask: (method: string, path: string, json?: unknown) => call(url, method, path, { token, json }),
    create: async () => (await call(url, "POST", "/v1/vms", { token, json: { image: IMAGE } })).body,
  };
}

describe("a damaged database", () => {
  it("is refused with 78 and what to do, and `db check` tells more with 1", async () => {
    const { program } = await start();
    program.kill("SIGTERM");
    await program.exited;
    const handle = openSync(join(data, "tartfleet.sqlite"), "r+");
    writeSync(handle, Buffer.alloc(8192, 0xa5), 0, 8192, 8192);
    closeSync(handle);
    const damaged = run(["--listen", "127.0.0.1:0", "--data-dir", data]);
    const check = run(["db", "check", "--data-dir", data]);
    expect(await damaged.exited).toBe(78);
    expect(damaged.stderr()).toMatch(/tartfleet\.sqlite cannot be relied on.*db check.*db restore FILE/);
    expect(damaged.stderr()).not.toContain("    at ");
    expect(await check.exited).toBe(1);
    expect(check.stdout()).toContain("damaged: ");
  });
});

describe("another process holds the database's lock", () => {
  it("calls wait for it, reads and health go on, and a start says who is in the way", async () => {
    const { program, ask, create } = await start();
    const vm = await create();
    const other = new SqliteDatabase(join(data, "tartfleet.sqlite"));
    other.exec("begin immediate");
    const waiting = create();
    // A stall of the event loop would show in these.
    for (let count = 0; count < 20; count += 1) {
      expect((await ask("GET", `/v1/vms/${vm.id}`)).status).toBe(200);
    }
    const busy = await ask("DELETE", `/v1/vms/${vm.id}`);
    expect(busy).toMatchObject({ status: 503, body: { code: "storage_busy" } });
    expect(busy.headers["retry-after"]).toBe("2");
    other.exec("rollback");
    expect((await waiting).code ?? "accepted").toMatch(/accepted|storage_busy/);
    expect((await ask("DELETE", `/v1/vms/${vm.id}`)).status).toBe(202);
    program.kill("SIGTERM");
    await program.exited;
    other.exec("begin exclusive");
    const late = run(["--listen", "127.0.0.1:0", "--data-dir", data]);
    expect(await late.exited).toBe(78);
    expect(late.stderr()).toMatch(/is locked by another process/);
    other.close();
  });
});

/** A disk of 24 MB under the data directory, in a mount namespace that ends with the program. */
const SMALL_DISK = [
  "unshare",
  process.getuid?.() === 0 ? "-m" : "-rm",
  "sh",
  "-c",
  'mkdir -p "$0" && mount -t tmpfs -o size=24m tmpfs "$0" && exec "$@"',
];
const canMount =
  spawnSync(SMALL_DISK[0] ?? "", [...SMALL_DISK.slice(1), "/tmp/tartfleet-mount", "true"]).status === 0;

describe.skipIf(!canMount)("the disk is full", () => {
  it("ends and reads go on, new VMs are refused, and all is well again by itself when there is room", async () => {
    const { program, inside, ask, create } = await start({}, [...SMALL_DISK, data]);
    const vms = [];
    for (let count = 0; count < 8; count += 1) vms.push(await create());
    expect((await ask("GET", "/readyz")).body).toMatchObject({ status: "ready", disk: { state: "well" } });

    const ballast = inside(join(data, "ballast"));
    const fill = () =>
      spawnSync("dd", ["if=/dev/zero", `of=${ballast}`, "bs=4096", "oflag=append", "conv=notrunc"]);
    fill();
    const refused = await until(async () => {
      const answer = await ask("POST", "/v1/vms", { image: IMAGE });
      return answer.status === 507 ? answer : undefined;
    });
    expect(refused.body).toMatchObject({ code: "storage_full", status: 507 });
    expect(refused.headers["retry-after"]).toBe("10");
    expect(await ask("GET", "/readyz")).toMatchObject({ status: 503, body: { disk: { state: "full" } } });

    const [first, ...others] = vms;
    expect((await ask("DELETE", `/v1/vms/${first.id}`)).status).toBe(202);
    // Somebody takes what the reserve gave: then nothing can be written, and that is said.
    fill();
    const answers = [];
    for (const { id } of others) answers.push((await ask("DELETE", `/v1/vms/${id}`)).status);
    expect(new Set(answers).size).toBeLessThanOrEqual(2);
    expect(answers.every((status) => status === 202 || status === 507)).toBe(true);
    for (const { id } of vms) expect((await ask("GET", `/v1/vms/${id}`)).status).toBe(200);

    const says = (what: string) => program.lines().some(({ msg }) => String(msg).includes(what));
    await until(() => says("the disk of the database is full"));
    rmSync(ballast);
    await until(async () => (await ask("GET", "/readyz")).status === 200);
    await until(() => says("the disk of the database has room again"));
    expect(await create()).toMatchObject({ state: "queued" });
    for (const { id } of others) expect((await ask("DELETE", `/v1/vms/${id}`)).status).toBe(202);
    program.kill("SIGTERM");
    expect(await program.exited).toBe(0);
  });
});

const hasCompiler = process.platform === "linux" && spawnSync("cc", ["--version"]).status === 0;

describe.skipIf(!hasCompiler)("fsync fails", () => {
  it("the control plane stops at once with 74 and what to do, and the next start has all that was acknowledged", async () => {
    const badDisk = join(folder.path, "bad-disk.so");
    const source = fileURLToPath(new URL("../support/bad-disk.c", import.meta.url));
    execFileSync("cc", ["-shared", "-fPIC", "-o", badDisk, source, "-ldl"]);
    const { program, create, ask } = await start({ LD_PRELOAD: badDisk, BAD_DISK: folder.path });
    const kept = await create();
    writeFileSync(join(folder.path, "broken"), "");
    const lost = ask("POST", "/v1/vms", { image: IMAGE }).catch(() => "cut");
    expect(await program.exited).toBe(74);
    expect(await lost).toBe("cut");
    const last = program.lines().at(-1);
    expect(last).toMatchObject({ level: "fatal", msg: "cannot go on" });
    expect(JSON.stringify(last)).toMatch(/tartfleet\.sqlite cannot be relied on.*EIO.*db check/);

    rmSync(join(folder.path, "broken"));
    const again = await start();
    expect((await again.ask("GET", `/v1/vms/${kept.id}`)).status).toBe(200);
    expect(statSync(join(data, "tartfleet.sqlite")).size).toBeGreaterThan(0);
  });
});
