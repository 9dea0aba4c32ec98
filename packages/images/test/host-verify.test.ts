import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { put, runOnMac } from "./on-a-mac.ts";
import { scratch } from "./support.ts";

const INSTANCE = "i-0123456789abcdef0";
const IMAGE = "registry.example.com/macos/tahoe:1";

/** What an instance that was just started from the AMI answers. */
const PROGRAMS: Readonly<Record<string, string>> = {
  // Without a token there is no word from the metadata service.
  curl: `case "$*" in
  *"-X PUT"*) echo token ;;
  *"-w "*) printf 401 ;;
  *) grep -q "X-aws-ec2-metadata-token: token" && echo ${INSTANCE} ;;
esac`,
  sudo: `case "$*" in
  *ec2-macos-utils*) exit 1 ;;
  *defaults*) echo '("192.168.0.0/16")' ;;
  *"tart run"*) exit 0 ;;
esac`,
  id: "echo 501",
  stat: "echo ec2-user",
  ps: "echo ' ec2-user'",
  launchctl: "printf '\\tstate = running\\n\\tpid = 4711\\n'",
  "tartfleet-agent": "exit 0",
  sysctl: "echo '{ sec = 1, usec = 0 } Thu Nov 26 21:00:00 2026'",
  sw_vers: "echo 26.5",
  tart: 'echo "tart $*" >>calls',
  sleep: "",
};

async function fresh() {
  const own = await scratch();
  for (const [name, script] of Object.entries(PROGRAMS)) await own.program(name, script);
  await mkdir(join(own.dir, "usr/local/aws/ec2-macos-init/instances", INSTANCE), { recursive: true });
  await put(own, "usr/local/aws/ec2-macos-init/init.toml", "    RandomizePassword = false\n");
  await put(own, "usr/local/etc/tartfleet/host.env", `TARTFLEET_MACHINE_ID=${INSTANCE}\n`);
  await put(own, "home/.tartfleet-agent/status.json", '{"version":"1.2.3","isConnected":true}');
  return Object.assign(own, {
    async verify(...args: string[]) {
      const path = { PATH: own.path };
      const { stdout, exitCode } = await runOnMac(own, "verify.sh", path, args);
      return { exitCode, broken: stdout.split("\n").filter((line) => / broken /.test(line)), stdout };
    },
  });
}

test("of an instance as it should be nothing is broken, and what a person must see is said", async () => {
  await using mac = await fresh();
  const { exitCode, stdout, broken } = await mac.verify(IMAGE);
  expect(broken).toEqual([]);
  expect(exitCode, stdout).toBe(0);
  const verdicts = stdout.split("\n").map((line) => line.slice(0, 12).trim().replaceAll(/\s+/g, " "));
  const numbers = new Set(verdicts.map((line) => line.split(" ")[0]));
  expect([...numbers]).toEqual(["16", "17", "18", "19", "20", "21", "22"]);
  expect(verdicts.filter((line) => line.endsWith("by hand"))).toEqual([
    "17 by hand",
    "19 by hand",
    "22 by hand",
  ]);
});

test("without an image the boot of a VM is left to a person", async () => {
  await using mac = await fresh();
  expect((await mac.verify()).stdout).toMatch(/^18 {2}by hand {2}give an image/m);
});

test.each([
  [
    "is a machine that EC2's start-up knew",
    "16",
    (own) => rm(join(own.dir, "usr/local/aws/ec2-macos-init/instances"), { recursive: true }),
  ],
  [
    "gives ec2-user another password",
    "16",
    (own) => put(own, "usr/local/aws/ec2-macos-init/init.toml", "RandomizePassword = true\n"),
  ],
  ["has nobody at its screen", "17", (own) => own.program("stat", "echo root")],
  ["runs the agent as root", "17", (own) => own.program("ps", "echo root")],
  ["is not connected", "17", (own) => put(own, "home/.tartfleet-agent/status.json", '{"isConnected":false}')],
  ["keeps its token", "17", (own) => put(own, "home/.tartfleet-agent/enrolment-token", "token")],
  ["is not well", "17", (own) => own.program("tartfleet-agent", "echo 'error keychain'; exit 1")],
  ["does not boot a VM", "18", (own) => own.program("tart", '[ "$1" != ip ]')],
  [
    "takes requests without a token",
    "20",
    (own) => own.program("curl", `case "$*" in *"-w "*) printf 200 ;; *) echo ${INSTANCE} ;; esac`),
  ],
  [
    "goes by another id",
    "20",
    (own) => put(own, "usr/local/etc/tartfleet/host.env", "TARTFLEET_MACHINE_ID=i-1\n"),
  ],
  [
    "leaves a part of its volume unused",
    "21",
    (own) => own.program("sudo", (PROGRAMS["sudo"] ?? "").replace("exit 1", "exit 0")),
  ],
  [
    "keeps its agent from its VMs",
    "22",
    (own) => own.program("sudo", (PROGRAMS["sudo"] ?? "").replace("192.168", "10.0")),
  ],
] as const satisfies readonly (readonly [
  string,
  string,
  (own: Awaited<ReturnType<typeof fresh>>) => Promise<void>,
])[])("an instance that %s is broken in point %s", async (_what, point, spoil) => {
  await using mac = await fresh();
  await spoil(mac);
  const { exitCode, broken, stdout } = await mac.verify(IMAGE);
  expect(exitCode, stdout).toBe(1);
  expect(broken.map((line) => line.slice(0, 2))).toEqual([point]);
});
