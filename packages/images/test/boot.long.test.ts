import { execa } from "execa";
import * as fc from "fast-check";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { labelsSchema, nameSchema } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { startMetadataService } from "./stand-in/metadata-service.ts";
import { scratch } from "./support.ts";

const BOOT = fileURLToPath(new URL("../../../packer/host/boot/boot.sh", import.meta.url));
const TOKEN = "tartfleet_enrol_correct-horse";

const FACTS = {
  "instance-id": "i-0123456789abcdef0",
  "placement/region": "eu-central-1",
  "placement/availability-zone": "eu-central-1b",
  "placement/host-id": "h-0fedcba9876543210",
  "instance-type": "mac2.metal",
  "tags/instance/tartfleet:url": "https://fleet.example.com:7337",
  "tags/instance/tartfleet:enrolment-parameter": "/tartfleet/enrolment-token",
  "tags/instance/tartfleet:labels": "xcode=26.4,zone=rack",
  "tags/instance/tartfleet:name": "mac-1",
};

const tag = (name: string) => `tags/instance/tartfleet:${name}` as const;

/** What of macOS and AWS the scripts call: each notes how it was called. */
const PROGRAMS: Readonly<Record<string, string>> = {
  id: '[ "$*" = "-u ec2-user" ] && echo 501',
  "ec2-macos-utils": "exit 1",
  taskpolicy: 'shift 2; exec "$@"',
  aws: `case "$*" in
  *"ssm get-parameter --name /tartfleet/enrolment-token --with-decryption"*) printf '%s\\n' '${TOKEN}' ;;
  *) echo AccessDeniedException >&2; exit 254 ;;
esac`,
  sudo: 'shift 2; if [ "$1" = -H ]; then shift; fi; exec "$@"',
  launchctl: `case $1 in
  print) [ -e "$TARTFLEET_ROOT/logged-in" ] ;;
  asuser) shift 2; exec "$@" ;;
  kickstart) touch "$TARTFLEET_ROOT/agent-started" ;;
esac`,
  security: `case $1 in
  show-keychain-info) [ -e "$TARTFLEET_ROOT/keychain-open" ] ;;
  unlock-keychain) [ -e "$TARTFLEET_ROOT/keychain-empty" ] && touch "$TARTFLEET_ROOT/keychain-open" ;;
  create-keychain) [ ! -e "$TARTFLEET_ROOT/keychain-foreign" ] && touch "$TARTFLEET_ROOT/keychain-empty" ;;
esac`,
};

/** An instance that was started from the AMI. */
async function instance(facts: Readonly<Record<string, string>> = FACTS) {
  const own = await scratch();
  const metadata = await startMetadataService(facts);
  for (const [name, script] of Object.entries(PROGRAMS))
    await own.program(name, `echo "${name} $*" >>"$TARTFLEET_ROOT/calls"\n${script}`);
  const home = join(own.dir, "Users/ec2-user");
  const data = join(home, ".tartfleet-agent");
  await mkdir(join(home, "Library/LaunchAgents"), { recursive: true });
  await writeFile(join(home, "Library/LaunchAgents/dev.tartfleet.agent.plist"), "");
  const at = (path: string) => join(own.dir, path);
  const text = async (path: string) => await readFile(at(path), "utf8").catch(() => undefined);
  await writeFile(at("logged-in"), "");
  await writeFile(at("keychain-open"), "");
  return {
    ...own,
    metadata,
    at,
    text,
    data,
    /** As the agent does once it has enrolled. */
    async enrol() {
      await mkdir(data, { recursive: true });
      await writeFile(join(data, "credential.json"), "{}");
    },
    settings: async () => parseEnv((await text("usr/local/etc/tartfleet/host.env")) ?? ""),
    calls: async () => ((await text("calls")) ?? "").split("\n").slice(0, -1),
    async boot(env: Readonly<Record<string, string>> = {}) {
      return await execa("/bin/bash", [BOOT], {
        env: {
          PATH: own.path,
          HOME: "/var/root",
          TARTFLEET_ROOT: own.dir,
          IMDS_URL: metadata.url,
          METADATA_TRIES: "3",
          METADATA_PAUSE: "0",
          SESSION_TRIES: "2",
          SESSION_PAUSE: "0",
          TOKEN_TRIES: "2",
          TOKEN_PAUSE: "0",
          ENROLLED_TRIES: "2",
          ENROLLED_PAUSE: "0",
          ...env,
        },
        extendEnv: false,
        all: true,
        reject: false,
      });
    },
    async [Symbol.asyncDispose]() {
      await metadata[Symbol.asyncDispose]();
      await own[Symbol.asyncDispose]();
    },
  };
}

test("the first boot tells the agent who it is and how to enrol; the next forgets the token", async () => {
  await using mac = await instance();
  const first = await mac.boot();
  expect(first.exitCode, first.all).toBe(0);
  const settings = {
    TARTFLEET_MACHINE_ID: "i-0123456789abcdef0",
    TARTFLEET_NAME: "mac-1",
    TARTFLEET_URL: "https://fleet.example.com:7337",
    TARTFLEET_LABEL:
      "region=eu-central-1,zone=eu-central-1b,instanceType=mac2.metal,awsHost=h-0fedcba9876543210,xcode=26.4,zone=rack",
  };
  const tokenFile = join(mac.data, "enrolment-token");
  expect(await mac.settings()).toEqual({ ...settings, TARTFLEET_ENROLMENT_TOKEN_FILE: tokenFile });
  expect(await readFile(tokenFile, "utf8")).toBe(`${TOKEN}\n`);
  expect(first.all).toContain("the agent is not enrolled yet; its log says why");
  expect(await mac.calls()).toContain("launchctl kickstart -k gui/501/dev.tartfleet.agent");

  await mac.enrol();
  const second = await mac.boot();
  expect(second.exitCode, second.all).toBe(0);
  expect(await mac.settings()).toEqual(settings);
  expect(await readdir(mac.data)).toEqual(["credential.json"]);

  await rm(mac.at("calls"));
  const third = await mac.boot();
  expect(third.all).not.toContain("settings are new");
  // Nobody is asked for a token, and the agent is left alone.
  expect((await mac.calls()).filter((call) => /^aws|kickstart/.test(call))).toEqual([]);
});

test("a token goes as soon as the agent has enrolled", async () => {
  await using mac = await instance();
  // The agent starts when it is told, and enrols.
  await mac.program("launchctl", `[ "$1" != kickstart ] || echo '{}' >'${mac.data}/credential.json'`);
  const { all, exitCode } = await mac.boot();
  expect(exitCode, all).toBe(0);
  expect(await readdir(mac.data)).toEqual(["credential.json"]);
  expect(await mac.settings()).not.toHaveProperty("TARTFLEET_ENROLMENT_TOKEN_FILE");
});

test("no secret is in a log, an argument, or a file that others may read", async () => {
  await using mac = await instance();
  // What curl was called with, and by what it is given its token.
  await mac.program("curl", `echo "curl $*" >>"$TARTFLEET_ROOT/calls"; exec /usr/bin/curl "$@"`);
  const { all } = await mac.boot();
  const seen = [all, ...(await mac.calls()), JSON.stringify(await mac.settings())].join("\n");
  for (const secret of [TOKEN, ...mac.metadata.tokens]) expect(seen).not.toContain(secret);
  const { stdout } = await execa("find", [mac.dir, "-name", "enrolment-token*", "-printf", "%m %f\n"]);
  expect(stdout).toBe("600 enrolment-token");
});

test("it waits for the metadata service, and asks again when that falters", async () => {
  await using mac = await instance();
  mac.metadata.trouble.push("drop", 503);
  const { all, exitCode } = await mac.boot();
  expect(exitCode, all).toBe(0);
  expect(mac.metadata.requests.slice(0, 3)).toEqual(Array(3).fill("PUT /latest/api/token"));
  expect(await mac.settings()).toMatchObject({ TARTFLEET_NAME: "mac-1" });

  // Later answers, too: the name is not lost for a moment's trouble.
  await rm(mac.at("usr"), { recursive: true });
  for (let asked = 0; asked < 8; asked += 1) mac.metadata.trouble.push(503);
  await mac.boot({ METADATA_TRIES: "9" });
  expect(await mac.settings()).toMatchObject({ TARTFLEET_NAME: "mac-1" });
});

test("without the metadata service nothing is changed, and it says so", async () => {
  await using mac = await instance();
  await mac.boot();
  const before = await mac.text("usr/local/etc/tartfleet/host.env");
  const { exitCode, all } = await mac.boot({ IMDS_URL: "http://127.0.0.1:9" });
  expect(exitCode).toBe(1);
  expect(all).toContain("the metadata service does not answer; is it enabled for this instance, with tags?");
  expect(await mac.text("usr/local/etc/tartfleet/host.env")).toBe(before);
  expect((await mac.calls()).at(-1)).toContain("security set-keychain-settings login.keychain");
});

test("a host keeps its name when the metadata service does not tell it for a while", async () => {
  await using mac = await instance();
  await mac.boot();
  const before = await mac.text("usr/local/etc/tartfleet/host.env");
  mac.metadata.silent.add(tag("name"));
  const { exitCode, all } = await mac.boot();
  expect(exitCode).toBe(1);
  expect(all).toContain("the metadata service does not say what the tag tartfleet:name is");
  expect(all).toContain("then: sudo launchctl kickstart system/dev.tartfleet.boot");
  expect(await mac.text("usr/local/etc/tartfleet/host.env")).toBe(before);
});

test("a token that may not be read yet is asked for again", async () => {
  await using mac = await instance();
  const { aws = "" } = PROGRAMS;
  await mac.program(
    "aws",
    `if [ ! -e "$TARTFLEET_ROOT/asked" ]; then touch "$TARTFLEET_ROOT/asked"; echo AccessDeniedException >&2; exit 254; fi\n${aws}`,
  );
  const { all, exitCode } = await mac.boot();
  expect(exitCode, all).toBe(0);
  expect(await mac.settings()).toHaveProperty("TARTFLEET_ENROLMENT_TOKEN_FILE");
});

test("an instance without tags is named by its id", async () => {
  const { "instance-id": id } = FACTS;
  await using mac = await instance({ "instance-id": id });
  const { all, exitCode } = await mac.boot();
  expect(exitCode, all).toBe(0);
  expect(await mac.settings()).toEqual({ TARTFLEET_MACHINE_ID: id, TARTFLEET_NAME: id });
  expect(all).toContain("the tag tartfleet:enrolment-parameter is missing");
});

test.each([
  ["name", "Mac 1", "TARTFLEET_NAME"],
  ["name", "mac-1\nTARTFLEET_TART=/tmp/evil", "TARTFLEET_NAME"],
  ["url", "https://a.example.com\n", "TARTFLEET_URL"],
  ["url", "https://$(touch /tmp/owned)", "TARTFLEET_URL"],
  ["labels", 'a="b"', "TARTFLEET_LABEL"],
  ["labels", "a=b,", "TARTFLEET_LABEL"],
  // The agent would not start with these.
  ["labels", `${"k".repeat(64)}=v`, "TARTFLEET_LABEL"],
  ["labels", Array.from({ length: 29 }, (_, index) => `k${index}=`).join(","), "TARTFLEET_LABEL"],
  ["enrolment-parameter", "--profile evil", "TARTFLEET_ENROLMENT_TOKEN_FILE"],
])("what cannot be a %s is left out and told: %j", async (name, value, setting) => {
  await using mac = await instance({ ...FACTS, [tag(name)]: value });
  const { all, exitCode } = await mac.boot();
  expect(exitCode, all).toBe(0);
  expect(all).toContain(`tag tartfleet:${name} is not as it may be, and left out`);
  expect((await mac.settings())[setting] ?? "").not.toContain(value);
  expect(await mac.settings()).not.toHaveProperty("TARTFLEET_TART");
});

test("whatever tags say, the agent's settings are whole and hold no more than they may", async () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.stringMatching(/^[a-z0-9=,.\n"'$-]{0,30}$/),
  );
  await fc.assert(
    fc.asyncProperty(text, text, text, async (name, url, labels) => {
      await using mac = await instance({
        ...FACTS,
        [tag("name")]: name,
        [tag("url")]: url,
        [tag("labels")]: labels,
      });
      await mac.enrol();
      const { exitCode, all } = await mac.boot();
      expect(exitCode, all).toBe(0);
      const settings = await mac.settings();
      expect(new Set(Object.keys({ ...settings, TARTFLEET_URL: url }))).toEqual(
        new Set(["TARTFLEET_MACHINE_ID", "TARTFLEET_NAME", "TARTFLEET_URL", "TARTFLEET_LABEL"]),
      );
      expect(nameSchema.safeParse(settings["TARTFLEET_NAME"]).success).toBe(true);
      const pairs = (settings["TARTFLEET_LABEL"] ?? "").split(",").map((pair) => pair.split("="));
      expect(pairs.every((pair) => pair.length === 2)).toBe(true);
      expect(labelsSchema.safeParse(Object.fromEntries(pairs)).success).toBe(true);
    }),
    { numRuns: 8 },
  );
});

test("a role that may not read the parameter is told what it lacks; the rest is done", async () => {
  await using mac = await instance({ ...FACTS, [tag("enrolment-parameter")]: "/somebody/elses" });
  const { all, exitCode } = await mac.boot();
  expect(exitCode, all).toBe(0);
  expect(all).toContain("does the instance's role have ssm:GetParameter on it?");
  expect(await mac.settings()).not.toHaveProperty("TARTFLEET_ENROLMENT_TOKEN_FILE");
  // No half a token is left.
  expect(await readdir(mac.data)).toEqual([]);
});

test.each([
  [["keychain-open"], ["show-keychain-info", "set-keychain-settings"]],
  [["keychain-empty"], ["show-keychain-info", "unlock-keychain", "set-keychain-settings"]],
  [
    [],
    [
      "show-keychain-info",
      "unlock-keychain",
      "create-keychain",
      "unlock-keychain",
      "login-keychain",
      "set-keychain-settings",
    ],
  ],
  [["keychain-foreign"], ["show-keychain-info", "unlock-keychain", "create-keychain"]],
])("a keychain that is %j", async (marks, asked) => {
  await using mac = await instance();
  await mac.enrol();
  await rm(mac.at("keychain-open"));
  for (const mark of marks) await writeFile(mac.at(mark), "");
  const { all } = await mac.boot();
  const calls = (await mac.calls()).filter((call) => call.startsWith("security"));
  expect(calls.map((call) => call.split(" ")[1])).toEqual(asked);
  expect(all?.includes("cannot be opened")).toBe(marks.includes("keychain-foreign"));
});

test("without a session at the screen it says that auto-login is off, and goes on", async () => {
  await using mac = await instance();
  await mac.enrol();
  await rm(mac.at("logged-in"));
  const { all, exitCode } = await mac.boot();
  expect(exitCode, all).toBe(0);
  expect(all).toContain("ec2-user is not logged in at the screen: is auto-login on?");
});

test("baked images are read once per instance", async () => {
  await using mac = await instance();
  await mac.enrol();
  const image = mac.at("Users/ec2-user/.tart/cache/OCIs/ghcr.io/org/image/sha256:0");
  await mkdir(image, { recursive: true });
  await writeFile(join(image, "disk.img"), "disk");
  await mac.program(
    "cat",
    'case "$*" in */disk.img*) echo "cat" >>"$TARTFLEET_ROOT/calls" ;; esac; exec /bin/cat "$@"',
  );
  expect((await mac.boot()).all).toContain("the baked images were read in");
  await mac.boot();
  expect((await mac.calls()).filter((call) => call === "cat")).toHaveLength(1);
});

test.each([
  ["grew", "exit 0", false],
  ["had nothing to grow", "exit 1", false],
  ["failed", "exit 2", true],
])("a root volume that %s", async (_, script, told) => {
  await using mac = await instance();
  await mac.enrol();
  await mac.program("ec2-macos-utils", script);
  const { all, exitCode } = await mac.boot();
  expect(exitCode, all).toBe(0);
  expect(all?.includes("the root volume was not grown")).toBe(told);
});

test("a Mac on which the agent was not installed is told how", async () => {
  await using mac = await instance();
  await rm(mac.at("Users"), { recursive: true });
  const { all, exitCode } = await mac.boot();
  expect(exitCode).toBe(1);
  expect(all).toContain("tartfleet-agent install --ec2");
});
