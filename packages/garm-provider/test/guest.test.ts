import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { aBootstrap, INSTANCE_TOKEN, startGarmApi } from "@tartfleet/ci-sim/garm";
import { makePrivateKey, makeSelfSigned } from "@tartfleet/tls";
import { array, assert, property, string } from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readBootstrap } from "../src/bootstrap.ts";
import { guestScript, quote } from "../src/guest-script.ts";

/** What the agent puts into every guest, beside the script. */
const AGENTS = new URL("../../agent/guest/", import.meta.url);
/** Says what it was started with, and as what it ends. */
const RUN = `#!/bin/bash
env >"$HOME/run.env"
exit 3
`;
/** Fails as often as ~/failures says, and notes what it was called with. */
const CONFIG = `#!/bin/bash
echo "$ACTIONS_RUNNER_INPUT_TOKEN $*" >>"$HOME/config.calls"
[ "$1" != remove ] || exit 0
left=$(cat "$HOME/failures")
if [ "$left" -gt 0 ]; then
  echo $((left - 1)) >"$HOME/failures"
  printf 'Http "Conflict"\\n\\tof C:\\\\runners\\n' >&2
  exit 1
fi
echo '{"agentId": 42, "agentName": "x"}' >.runner
`;
/** Notes its arguments, which any process of the guest can see. */
const curl = () => `#!/bin/bash
echo "$*" >>"$HOME/curl.calls"
exec ${execFileSync("/bin/sh", ["-c", "command -v curl"], { encoding: "utf8" }).trim()} "$@"
`;

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "garm-guest-"));
  mkdirSync(join(home, "bin"));
  cpSync(AGENTS, join(home, ".tartfleet"), { recursive: true });
  program("bin/curl", curl());
  writeFileSync(join(home, "failures"), "0");
});
afterEach(() => rmSync(home, { recursive: true }));

function program(path: string, content: string) {
  writeFileSync(join(home, path), content);
  chmodSync(join(home, path), 0o755);
}

function bakeRunner() {
  mkdirSync(join(home, "actions-runner"));
  program("actions-runner/run.sh", RUN);
  program("actions-runner/config.sh", CONFIG);
}

const read = (path: string) => readFileSync(join(home, path), "utf8");

type Api = Awaited<ReturnType<typeof startGarmApi>>;

/** The script as the agent starts it: a file, of a user at home. */
async function runGuest(api: Api, parts: Record<string, unknown> = {}) {
  const sent = aBootstrap({
    "callback-url": `${api.url}/callbacks/status`,
    "metadata-url": `${api.url}/metadata`,
    ...parts,
  });
  const script = guestScript(readBootstrap(JSON.stringify(sent)));
  writeFileSync(join(home, ".tartfleet/script"), script);
  const child = spawn("/bin/bash", [join(home, ".tartfleet/script")], {
    env: {
      HOME: home,
      PATH: [join(home, "bin"), process.env["PATH"]].join(delimiter),
      TMPDIR: home,
      GARM_RETRY_SECONDS: "0",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => void child.once("close", resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { exitCode: await ended, stdout, stderr };
}

test("with JIT it gets the runner's three files, says that it is idle, and becomes the runner", async () => {
  bakeRunner();
  await using api = await startGarmApi({ token: INSTANCE_TOKEN, jit: true });
  const proxy_config = { http_proxy: "", https_proxy: "http://user:it's@proxy:3128", no_proxy: "127.0.0.1" };
  const { exitCode, stderr } = await runGuest(api, { proxy_config });
  expect([exitCode, stderr, api.refused]).toEqual([3, "", []]);
  for (const name of ["runner", "credentials", "credentials_rsaparams"]) {
    expect(read(`actions-runner/.${name}`)).toBe(`{"file": "${name}"}`);
    expect(statSync(join(home, `actions-runner/.${name}`)).mode & 0o777).toBe(0o600);
  }
  expect(api.said.map(({ status }) => status)).toEqual(["installing", "installing", "idle"]);
  expect(api.systemInfo).toMatchObject([{ os_name: "macos", agent_id: null }]);
  expect(read("run.env")).toContain("https_proxy=http://user:it's@proxy:3128");
  expect(read("run.env")).toContain("ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE=1");
  expect(read("run.env") + read("curl.calls")).not.toContain("$ecret.jwt");
  expect(existsSync(join(home, "config.calls"))).toBe(false);
  expect(read("actions-runner/.env")).toBe(
    `ACTIONS_RUNNER_HOOK_JOB_STARTED=${home}/.tartfleet/job-started.sh\nACTIONS_RUNNER_HOOK_JOB_COMPLETED=${home}/.tartfleet/suicide.sh\n`,
  );
});

test("a runner whose hooks cannot be entered is not started, and garm is told", async () => {
  bakeRunner();
  rmSync(join(home, ".tartfleet/github-hooks.sh"));
  await using api = await startGarmApi({ token: INSTANCE_TOKEN, jit: true });
  expect((await runGuest(api)).exitCode).toBe(1);
  expect(api.said.at(-1)).toMatchObject({ status: "failed", message: expect.stringContaining("hooks") });
  expect(existsSync(join(home, "run.env"))).toBe(false);
});

test("without JIT it registers the runner with the pool's labels, again when that fails", async () => {
  bakeRunner();
  writeFileSync(join(home, "failures"), "2");
  await using api = await startGarmApi({ token: INSTANCE_TOKEN, jit: false });
  const { exitCode } = await runGuest(api, {
    jit_config_enabled: false,
    labels: ["macos", "runner-pool-id=1"],
    "github-runner-group": "my macs",
  });
  expect([exitCode, api.refused]).toEqual([3, []]);
  const words =
    "REGISTRATION --unattended --ephemeral --no-default-labels --url https://github.com/org --name garm-ny9heeqyw2rl --labels macos,runner-pool-id=1 --runnergroup my macs";
  const remove = "REGISTRATION remove";
  expect(read("config.calls").trim().split("\n")).toEqual([words, remove, words, remove, words]);
  expect(api.said[2]?.message).toBe("try 1 of registering the runner failed: Http 'Conflict'  of C:'runners");
  expect(api.said.at(-1)).toMatchObject({ status: "idle", agent_id: 42 });
  expect(read("run.env")).not.toContain("REGISTRATION");
});

test("it tells garm why when it cannot register, and ends", async () => {
  bakeRunner();
  writeFileSync(join(home, "failures"), "9");
  await using api = await startGarmApi({ token: INSTANCE_TOKEN, jit: false });
  expect((await runGuest(api, { jit_config_enabled: false })).exitCode).toBe(1);
  expect(api.said.at(-1)).toMatchObject({ status: "failed", message: expect.stringContaining("Conflict") });
  expect(existsSync(join(home, "run.env"))).toBe(false);
});

test("it tells garm which file garm did not give", async () => {
  bakeRunner();
  await using api = await startGarmApi({ token: INSTANCE_TOKEN, jit: true, lacks: "credentials_rsaparams" });
  expect((await runGuest(api)).exitCode).toBe(1);
  expect(api.said.at(-1)).toEqual({
    status: "failed",
    message: "garm did not give the file credentials_rsaparams",
  });
});

test("an image without a runner gets garm's for macOS, if its checksum is right", async () => {
  bakeRunner();
  execFileSync("tar", ["-czf", join(home, "tools.tar.gz"), "-C", join(home, "actions-runner"), "."]);
  rmSync(join(home, "actions-runner"), { recursive: true });
  const tools = readFileSync(join(home, "tools.tar.gz"));
  const sha256 = createHash("sha256").update(tools).digest("hex");
  const offered = (url: string, sha256_checksum: string) => ({
    tools: [{ os: "osx", architecture: "arm64", download_url: `${url}/tools.tar.gz`, sha256_checksum }],
  });

  await using other = await startGarmApi({ token: INSTANCE_TOKEN, jit: true, tools });
  expect((await runGuest(other, offered(other.url, "0".repeat(64)))).exitCode).toBe(1);
  expect(other.said.at(-1)?.message).toBe("the downloaded runner has another checksum");

  await using right = await startGarmApi({ token: INSTANCE_TOKEN, jit: true, tools });
  expect((await runGuest(right, offered(right.url, sha256))).exitCode).toBe(3);
  expect(right.said.at(-1)?.status).toBe("idle");
});

test("an image without a runner, and garm without one, is told of", async () => {
  await using api = await startGarmApi({ token: INSTANCE_TOKEN, jit: true });
  expect((await runGuest(api, { tools: [] })).exitCode).toBe(1);
  expect(api.said.at(-1)).toMatchObject({
    status: "failed",
    message: expect.stringContaining("no runner in"),
  });
});

test("it believes a garm whose authority garm sends along, and no other", async () => {
  bakeRunner();
  const key = await makePrivateKey();
  const tls = { key, cert: await makeSelfSigned(key, ["127.0.0.1"], Date.now()) };
  await using api = await startGarmApi({ token: INSTANCE_TOKEN, jit: true, tls });
  expect((await runGuest(api)).exitCode).toBe(1);
  expect(api.said).toEqual([]);
  const bundle = Buffer.from(tls.cert).toString("base64");
  expect((await runGuest(api, { "ca-cert-bundle": bundle })).exitCode).toBe(3);
  expect(api.said.at(-1)?.status).toBe("idle");
  expect(read("run.env")).not.toContain("CURL_CA_BUNDLE");
});

test("whatever garm sends is one word of the script", () => {
  assert(
    property(array(string({ unit: "binary" }), { minLength: 20, maxLength: 100 }), (texts) => {
      const words = texts.map((word) => word.replaceAll("\0", ""));
      const script = `printf '%s\\0' ${words.map(quote).join(" ")}`;
      const printed = execFileSync("/bin/bash", ["-c", script], { encoding: "utf8" });
      expect(printed.split("\0").slice(0, -1)).toEqual(words.map((word) => Buffer.from(word).toString()));
    }),
    { numRuns: 20 },
  );
});
