import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import SqliteDatabase from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { call, IMAGE, until } from "../helpers/plane.ts";
import { freePort, run, tempFolder } from "../helpers/program.ts";
import type { Program } from "../helpers/program.ts";

let folder: ReturnType<typeof tempFolder>;
const programs: Program[] = [];
beforeEach(() => {
  folder = tempFolder();
});
afterEach(async () => {
  for (const program of programs.splice(0)) {
    program.kill("SIGKILL");
    await program.exited;
  }
  folder.remove();
});

function start(args: string[] = [], env: Record<string, string> = {}) {
  const program = run(["--listen", "127.0.0.1:0", "--data-dir", folder.path, ...args], env);
  programs.push(program);
  return program;
}

const tokenIn = (path: unknown) => readFileSync(String(path), "utf8").trim();

describe("the program", () => {
  it("starts on an empty folder, says where it listens and where the first token is", async () => {
    const program = start();
    const line = await program.listening();
    expect(line).toMatchObject({ level: "info", adminTokenFile: join(folder.path, "admin-token") });
    expect(line["url"]).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect(line["publicUrl"]).toBe(line["url"]);
    expect(statSync(String(line["adminTokenFile"])).mode & 0o777).toBe(0o600);
    const token = tokenIn(line["adminTokenFile"]);
    expect((await call(String(line["url"]), "GET", "/v1/tokens", { token })).status).toBe(200);
    expect(program.stdout()).not.toContain(token);
    expect(program.stderr()).toBe("");
  });

  it("answers whoever asks in the midst of its start, and goes on", async () => {
    const port = await freePort();
    const program = run(["--listen", `127.0.0.1:${port}`, "--data-dir", folder.path]);
    programs.push(program);
    const url = `http://127.0.0.1:${port}`;
    await until(() => call(url, "GET", "/readyz").catch(() => undefined));
    await until(async () => {
      const { status } = await call(url, "GET", "/readyz");
      expect([503, 200]).toContain(status);
      return status === 200;
    });
  });

  it("stops at SIGTERM with 0, and at the next start knows every VM it accepted", async () => {
    const first = start();
    const { url, adminTokenFile } = await first.listening();
    const token = tokenIn(adminTokenFile);
    const { body: vm } = await call(String(url), "POST", "/v1/vms", { token, json: { image: IMAGE } });
    const waiting = call(String(url), "GET", `/v1/vms/${vm.id}/wait?for=ready&timeoutSeconds=600`, { token });
    const settled = waiting.then(
      (answer) => answer.status,
      () => "cut",
    );
    first.kill("SIGTERM");
    expect(await first.exited).toBe(0);
    expect([200, 503, "cut"]).toContain(await settled);
    expect(first.lines().at(-1)).toMatchObject({ msg: "stopped" });

    const second = start();
    const again = await second.listening();
    const { body } = await call(String(again["url"]), "GET", `/v1/vms/${vm.id}`, { token });
    // The time in between counts for no deadline.
    expect(body).toEqual({ ...vm, deadlineAt: expect.any(String) });
    expect(String(body.deadlineAt) >= String(vm.deadlineAt)).toBe(true);
  });

  it("lists every wrong setting and exits 78", async () => {
    const program = run(["--listen", "here", "--lease-seconds", "x", "--what"], {
      TARTFLEET_LOG_LEVEL: "loud",
      TARTFLEET_MAX_ATTEMPTS: "0",
    });
    expect(await program.exited).toBe(78);
    for (const name of [
      "--listen",
      "--lease-seconds",
      "--what",
      "TARTFLEET_LOG_LEVEL",
      "TARTFLEET_MAX_ATTEMPTS",
    ]) {
      expect(program.stderr()).toContain(`\n  ${name}: `);
    }
    expect(program.stderr()).not.toContain("    at ");
    expect(program.stdout()).toBe("");
  });

  it("shows its help", async () => {
    const help = run(["--help"]);
    expect(await help.exited).toBe(0);
    expect(help.stdout()).toContain("--hook-grace-seconds");
  });
});

describe("a second signal", () => {
  it("ends the program at once, whatever is still on its way", async () => {
    const program = start();
    const { url, adminTokenFile } = await program.listening();
    const token = tokenIn(adminTokenFile);
    // A body that never comes keeps the request, and with it the first signal's drain, waiting.
    const pending = call(String(url), "POST", "/v1/vms", {
      token,
      headers: { "content-type": "application/json", "content-length": "10", expect: "100-continue" },
    }).catch(() => "cut");
    await until(async () => (await call(String(url), "GET", "/healthz")).status === 200);
    program.kill("SIGTERM");
    await until(() => program.lines().some(({ msg }) => msg === "stopping; VMs go on"));
    program.kill("SIGINT");
    expect(await program.exited).toBe(130);
    expect(await pending).toBe("cut");
  });
});

describe("the program says what to change, and exits 78, when", () => {
  async function refusal(args: string[]) {
    const program = start(args);
    expect(await program.exited).toBe(78);
    expect(program.stderr()).not.toContain("    at ");
    expect(program.stdout()).toBe("");
    return program.stderr();
  }

  it("its file of issuers has mistakes, all of which it lists", async () => {
    const file = `${folder.path}/oidc.json`;
    writeFileSync(file, JSON.stringify({ issuers: [{ name: "A B", issuer: "http://elsewhere.example" }] }));
    const said = await refusal(["--oidc-config", file]);
    for (const field of ["name", "issuer", "audience", "rules"]) {
      expect(said).toContain(`\n  ${file} › issuers › 0 › ${field}: `);
    }
  });

  it("its file of GitHub's runners has mistakes, all of which it lists", async () => {
    const file = `${folder.path}/github.json`;
    writeFileSync(file, JSON.stringify({ runners: [{ name: "A B", image: "no", scope: {} }] }));
    const said = await refusal(["--github-config", file]);
    for (const field of ["name", "image", "scope", "max"]) {
      expect(said).toContain(`\n  ${file} › runners › 0 › ${field}: `);
    }
  });

  it("its address is in use, and leaves the data folder alone", async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
    const address = other.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const data = join(folder.path, "never-made");
    const said = await refusal(["--listen", `127.0.0.1:${port}`, "--data-dir", data]);
    expect(said).toBe(
      `tartfleet-control-plane: 127.0.0.1:${port} is in use; stop what uses it, or give another --listen\n`,
    );
    expect(existsSync(data)).toBe(false);
    other.close();
  });

  it("its address is not this machine's", async () => {
    expect(await refusal(["--listen", "192.0.2.1:0"])).toMatch(/cannot listen on 192\.0\.2\.1:0: .*--listen/);
  });

  it("its data folder cannot be one", async () => {
    const file = join(folder.path, "file");
    writeFileSync(file, "");
    expect(await refusal(["--data-dir", join(file, "data")])).toContain(join(file, "data"));
  });

  it("another control plane has its data folder", async () => {
    await start().listening();
    expect(await refusal([])).toMatch(/Another control plane uses the data directory/);
  });

  it("its database is from a newer version", async () => {
    const first = start();
    await first.listening();
    first.kill("SIGTERM");
    await first.exited;
    const database = new SqliteDatabase(join(folder.path, "tartfleet.sqlite"));
    database.exec(
      "insert into __drizzle_migrations (hash, created_at) values ('of tomorrow', 99999999999999)",
    );
    database.close();
    expect(await refusal([])).toMatch(/newer/);
  });

  it("its database is none", async () => {
    writeFileSync(
      join(folder.path, "tartfleet.sqlite"),
      "this is no database, but a text of some length".repeat(99),
    );
    expect(await refusal([])).toContain("tartfleet.sqlite");
  });
});
