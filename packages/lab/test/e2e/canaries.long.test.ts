import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { instanceName, parseToken, vmRecordSchema, type VmRecord } from "@tartfleet/shared";
import type { Fault } from "@tartfleet/tart-sim";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { IMAGE, IMAGES, githubVm, hostOf, inState, letGo, simOf, UNTIL_LET_GO } from "../support/lab.ts";
import { findNeedles, makeMark, needleOf, type Needle } from "../support/needles.ts";
import { inFiles, watchProcesses, type Sighting } from "../support/sightings.ts";
import { CONTROL_PLANE } from "../../src/fleet/control-plane.ts";
import { useLab } from "../support/use-lab.ts";

const NO_SUCH_LABEL = { "no-mac": "has-it" };
const lab = useLab({
  hosts: 2,
  controlPlane: { "log-level": "debug", "max-attempts": 1 },
  agent: (index) => ({ "log-level": "debug", label: `mac-${index + 1}=yes` }),
});

const { needle: planted, plant } = makeMark();
const needles: Needle[] = [planted];

/** Files whose purpose is to hold a secret, by name; guests' disks are what the secrets are for. */
const KEEPERS =
  /^(control-plane\/(admin-token|secrets\.key)|mac-\d\/agent\/credential\.json|enrolment-token)$/;
const GUEST_DISK = /^mac-\d\/home\/vms\/[^/]+\/disk$/;

/**
 * The environment is where job and runner read these from: GitHub's runner, GitLab's, Buildkite's, Azure's and CircleCI's take their
 * credential from nowhere else but argv or a file of their own, and `env` is given to be the job's environment.
 * Scripts, Jenkins' secret and the VM's token are in no environment, not even in the guest.
 */
const GUESTS_OWN = new Set([
  "ACTIONS_RUNNER_INPUT_JITCONFIG",
  "ACTIONS_RUNNER_INPUT_TOKEN",
  "CI_SERVER_TOKEN",
  "BUILDKITE_AGENT_TOKEN",
  "VSTS_AGENT_INPUT_TOKEN",
  "CIRCLECI_RUNNER_API_AUTH_TOKEN",
  "DEPLOY_KEY",
]);

const env = { DEPLOY_KEY: `"quoted"\\ü\n${plant("env-value")}` };
const url = "http://127.0.0.1:9";

/** Each kind of runner, with a canary in each of its secret fields. */
const RUNNERS = {
  jit: { kind: "github", jitConfig: plant("github-jit-config") },
  registration: {
    kind: "github",
    url: `${url}/acme/app`,
    registrationToken: plant("github-registration-token"),
  },
  gitlab: { kind: "gitlab", url, token: plant("gitlab-token") },
  buildkite: { kind: "buildkite", token: plant("buildkite-token") },
  jenkins: { kind: "jenkins", url: "http://jenkins.test", secret: plant("jenkins-secret"), name: "node-1" },
  azure: { kind: "azure", url, token: plant("azure-token"), pool: "Macs" },
  circleci: { kind: "circleci", token: plant("circleci-token") },
  script: { kind: "script", script: `sleep 0.3 # ${plant("script")}` },
} as const;

/** What is refused: secrets of the wrong type, in wrong fields, and not even JSON. */
const REFUSED = [
  ...["jitConfig", "registrationToken"].map((field) => ({
    runner: { kind: "github", url, [field]: { value: plant(field) } },
  })),
  { runner: { kind: "gitlab", url: plant("url"), token: [plant("token")] } },
  { runner: { kind: "gitlab", url, token: `${plant("token")} with spaces` } },
  {
    runner: {
      kind: "buildkite",
      token: { deep: plant("token") },
      acquireJob: plant("job"),
      queue: `\t${plant("queue")}`,
    },
  },
  {
    runner: {
      kind: "jenkins",
      url,
      secret: [plant("secret")],
      name: "node-1",
      token: plant("unknown-field"),
    },
  },
  { runner: { kind: "script", script: { text: plant("script") }, shell: plant("shell") } },
  { runner: { kind: "script", script: `${plant("script")}\0` } },
  { runner: { kind: plant("kind"), token: plant("token") } },
  { runner: plant("runner") },
  { env: { DEPLOY_KEY: { value: plant("env") } } },
  { env: [plant("env")] },
  { env: plant("env") },
  {
    name: plant("NAME"),
    jobId: `${plant("job")} `,
    os: plant("os"),
    cpu: plant("cpu"),
    labels: { key: `${plant("label")} ` },
  },
  { image: plant("image"), run: { display: plant("display"), softnetAllow: [plant("cidr")] } },
  plant("body"),
  [plant("body")],
].map((body) => (typeof body === "object" && !Array.isArray(body) ? { image: IMAGE, ...body } : body));

/** An image without GitHub's runner. */
const BARE = "registry.example.com/macos/bare";

/** How a VM fails, by the phase in which it happens. */
const FAILURES: Readonly<Record<string, { faults: readonly Fault[]; image: string }>> = {
  cloning: { faults: [{ action: "dyld-abort", match: { cmd: "clone" } }], image: IMAGE },
  booting: { faults: [{ action: "start-failure", match: { cmd: "run" } }], image: IMAGE },
  provisioning: { faults: [], image: `${BARE}:latest` },
};

test("no secret is in a log, a database, a backup, an event, an answer, argv or an environment that is not its reader's", async () => {
  const { fleet, github } = lab;
  const own = (name: string, secret: string | Buffer) => needles.push(needleOf(name, secret));
  const ownToken = (name: string, token: string) => own(name, parseToken(token.trim())?.secret ?? token);
  const fileIn = (path: string) => readFile(join(fleet.dir, path), "utf8");
  ownToken("admin token", fleet.adminToken);
  ownToken("ci token", fleet.ciToken);
  ownToken("enrolment token", await fileIn("enrolment-token"));
  own("key", await readFile(join(fleet.dir, "control-plane/secrets.key")));
  for (const { name } of fleet.hosts) {
    const { credential } = JSON.parse(await fileIn(`${name}/agent/credential.json`)) as {
      credential: string;
    };
    ownToken(`credential of ${name}`, credential);
  }

  const answers: Sighting[] = [];
  async function call(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
    const response = await fetch(`${fleet.url()}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${fleet.adminToken}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const whole = Buffer.from(`${JSON.stringify([...response.headers])}\n${text}`);
    const where = `answer ${response.status} to ${method} ${path}`;
    answers.push(...findNeedles(needles, whole).map((what) => ({ where, what })));
    return { status: response.status, text };
  }
  async function create(body: object, headers?: Record<string, string>): Promise<VmRecord> {
    const { status, text } = await call(
      "POST",
      "/v1/vms",
      JSON.stringify({ image: IMAGE, env, ...body }),
      headers,
    );
    expect(status, text).toBeOneOf([200, 201]);
    return vmRecordSchema.parse(JSON.parse(text));
  }
  const ended = async ({ id }: VmRecord): Promise<VmRecord> => {
    for (;;) {
      const { text } = await call("GET", `/v1/vms/${id}/wait?for=ended&timeoutSeconds=30`);
      const vm = vmRecordSchema.parse(JSON.parse(text));
      if (vm.endedAt !== null) return vm;
    }
  };
  const skip = (path: string) => KEEPERS.test(path) || GUEST_DISK.test(path);
  const files: Sighting[] = [];
  const lookIntoFiles = async () => files.push(...(await inFiles(needles, fleet.dir, skip)));

  const watch = watchProcesses(() => needles, GUESTS_OWN);
  onTestFinished(async () => void (await watch.stop()));

  // Waiting, with all their secrets in the database.
  const key = { "idempotency-key": "once" };
  const waiting = [];
  for (const runner of Object.values(RUNNERS))
    waiting.push(await create({ runner, hostLabels: NO_SUCH_LABEL, allowPending: true }));
  const again = { runner: RUNNERS.script, hostLabels: NO_SUCH_LABEL, allowPending: true };
  waiting.push(await create(again, key), await create(again, key));
  const conflict = JSON.stringify({ image: IMAGE, env: { DEPLOY_KEY: plant("other-env-value") } });
  expect((await call("POST", "/v1/vms", conflict, key)).status).toBe(409);
  await execa(process.execPath, [
    CONTROL_PLANE,
    "db",
    "backup",
    join(fleet.dir, "backup.sqlite"),
    "--data-dir",
    join(fleet.dir, "control-plane"),
  ]);

  // Refused.
  for (const body of REFUSED) expect((await call("POST", "/v1/vms", JSON.stringify(body))).status).toBe(400);
  for (const text of [`{"runner":{"token":"${plant("cut-off")}`, plant("no-json")])
    expect((await call("POST", "/v1/vms", text)).status).toBe(400);
  const viaTrpc = { vm: { image: IMAGE, env: { A: [plant("trpc")] }, runner: { kind: plant("kind") } } };
  expect((await call("POST", "/trpc/vms.create", JSON.stringify(viaTrpc))).status).toBe(400);
  const stranger = { authorization: `Bearer ${plant("bearer")}` };
  expect((await call("GET", `/v1/vms?token=${plant("query")}`)).status).toBe(400);
  expect((await call("GET", "/v1/vms", undefined, stranger)).status).toBe(401);
  expect((await call("POST", "/v1/hosts", "{}", stranger)).status).toBe(401);
  await lookIntoFiles();

  // Failing in each phase, on a host of their own.
  const mac2 = simOf(fleet, "mac-2");
  const bare = join(fleet.dir, "bare-image");
  await cp(join(mac2.hostDir, "images/darwin"), bare, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !path.endsWith("/actions-runner"),
  });
  mac2.setImages([...IMAGES, { name: BARE, compressedGB: 0.1, files: bare }]);
  const failures = (async () => {
    const failed = [];
    for (const { faults, image } of Object.values(FAILURES)) {
      mac2.setFaults(faults);
      failed.push(await ended(await create({ image, runner: RUNNERS.jit, hostLabels: { "mac-2": "yes" } })));
      await lookIntoFiles();
    }
    return failed;
  })();

  // Living their lives: each kind of runner, a job that succeeds, and one whose VM's own token is known to us.
  const onFirst = { hostLabels: { "mac-1": "yes" } };
  const tokenHolder = await create({ runner: { kind: "script", script: UNTIL_LET_GO }, ...onFirst });
  const ready = await inState(fleet, tokenHolder.id, "ready");
  const disk = join(hostOf(fleet, "mac-1").tartHome, "vms", instanceName(ready.id, 1), "disk");
  await watch.looked();
  ownToken("VM token", await readFile(join(disk, "Users/admin/.tartfleet/token"), "utf8"));
  const job = githubVm(github, "delivers", { seconds: 0.2 });
  own("JIT config that works", job.runner?.kind === "github" ? (job.runner.jitConfig ?? "") : "");
  const lives = [];
  for (const runner of Object.values(RUNNERS)) lives.push(await create({ runner, ...onFirst }));
  lives.push(await create({ ...job, env, ...onFirst }));
  await lookIntoFiles();
  await letGo(fleet, ready);
  const living = [ready, ...lives];
  const ends = await Promise.all(living.map(ended));
  const failed = await failures;

  // What can be asked about all of it, afterwards.
  for (const { id } of [...living, ...failed, ...waiting]) {
    for (const path of ["", "/events"]) await call("GET", `/v1/vms/${id}${path}`);
  }
  for (const { id } of [...living, ...failed])
    await call("GET", `/v1/vms/${id}/events`, undefined, { accept: "text/event-stream" });
  for (const { id } of waiting) await call("DELETE", `/v1/vms/${id}`);
  for (const path of [
    "/v1/vms",
    "/v1/hosts",
    "/v1/hosts/mac-1",
    "/v1/fleet/capacity",
    "/v1/tokens",
    "/v1/audit?limit=1000",
    "/metrics",
    "/openapi.json",
  ])
    await call("GET", path);
  await lookIntoFiles();
  const { leaks, inGuests } = await watch.stop();
  expect([...answers, ...files, ...leaks]).toEqual([]);

  // All of it has happened.
  expect(ends.map(({ state, end }) => [state, end?.reason])).toEqual(
    living.map(() => ["deleted", "runner_exited"]),
  );
  expect((await github.settled("delivers")).result).toBe("delivered");
  expect(failed.map(({ end }) => end?.error?.code)).toEqual([
    "tart_broken",
    "start_failed",
    "runner_missing",
  ]);

  // The search would have found them: it does where they belong.
  expect(inGuests).toContain("DEPLOY_KEY");
  const kept = await inFiles(needles, fleet.dir, (path) => GUEST_DISK.test(path));
  expect([...new Set(kept.map(({ where }) => where))].sort()).toEqual([
    "control-plane/admin-token",
    "control-plane/secrets.key",
    "enrolment-token",
    "mac-1/agent/credential.json",
    "mac-2/agent/credential.json",
  ]);
});
