import { readFile, stat } from "node:fs/promises";
import { expect, test } from "vitest";
import { addVm, documentOf, fleet } from "./support/fixture.ts";
import { run, scratch } from "./support/run.ts";
import { NEW_TOKEN } from "./support/stand-in.ts";

test("host list shows slots, disk and who is silent", async () => {
  await using cli = await fleet();
  const { code, stdout } = await cli.tartfleet("host", "list");
  expect(code).toBe(0);
  const [head, first, second] = stdout.split("\n");
  expect(head).toMatch(/^NAME +STATE +SLOTS +DOCTOR +DISK FREE +IMAGES +AGENT +TART +MACOS +LABELS +SEEN$/);
  expect(first).toMatch(
    /^mac-1 +connected +1\/2 busy, 1 phantom +1 error, 2 warnings +411 GiB +1 +0\.1\.0 +2\.30\.0 +15\.5 +xcode=16, rack=b4 +\d+d ago$/,
  );
  expect(second).toMatch(
    /^mac-2 +silent, last heard \d+d ago +1\/2 busy, 1 phantom +- .* 0\.1\.0 \(behind\) /,
  );
  const { hosts } = documentOf(await cli.tartfleet("host", "list", "--json")) as { hosts: unknown[] };
  expect(hosts).toHaveLength(2);
});

test("host get shows what is in the slots, images and foreign VMs", async () => {
  await using cli = await fleet();
  const { stdout } = await cli.tartfleet("host", "get", "mac-1");
  expect(stdout).toContain("0: VM aaaabbbbccccdddd, attempt 1");
  expect(stdout).toContain("1: phantom");
  expect(stdout).toMatch(/^cpu +12$/m);
  expect(stdout).toMatch(/^memory +32768 MiB$/m);
  expect(stdout).toMatch(/ghcr\.io\/org\/image:15 \(31\.3 GiB, sha256:4f2a4f2a4f2a, used \d+d ago\)/);
  expect(stdout).toMatch(/^pulls +ghcr\.io\/org\/image:16, 42% of 25\.4 GB$/m);
  expect(stdout).toContain("somebodys-vm (macos, running)");
  expect((await cli.tartfleet("host", "get", "mac-9")).code).toBe(2);
});

test("host get shows what its doctor found, worst first, each with its cure", async () => {
  await using cli = await fleet();
  const { stdout } = await cli.tartfleet("host", "get", "mac-1");
  const lines = stdout.split("\n").map((line) => line.trim());
  const at = lines.findIndex((line) => line.startsWith("doctor"));
  expect(lines.slice(at, at + 8)).toEqual([
    "doctor        error keychain: The login keychain is locked; macOS VMs do not start without it.",
    "$ security unlock-keychain login.keychain",
    "warning sleep: This Mac does not sleep, but stays off after a power failure.",
    "$ sudo pmset -a autorestart 1",
    "warning disk: 40 of 926 GiB are free.",
    "$ tart prune --entries caches --older-than 7",
    "unknown clock: The control plane, whose clock counts, did not answer.",
    "1 ok",
  ]);
  const silent = await cli.tartfleet("host", "get", "mac-2");
  expect(silent.stdout).toMatch(/^doctor +has not looked yet/m);
});

test("capacity shows slots, queue, labels and images", async () => {
  await using cli = await fleet();
  const { stdout } = await cli.tartfleet("capacity");
  expect(stdout).toMatch(
    /^SLOTS +TOTAL +BUSY +FREE +PHANTOM +UNREACHABLE +CORDONED\nfleet +4 +1 +1 +1 +1 +0$/m,
  );
  expect(stdout).toContain("3 VMs in the queue");
  expect(stdout).toMatch(/^xcode=16 +4/m);
  expect(stdout).toMatch(/^ghcr\.io\/org\/image:15 +2 +1 +3 +1$/m);
  expect(documentOf(await cli.tartfleet("capacity", "--json"))).toMatchObject({ queued: 3 });
});

test("host cordon, drain and uncordon say why, and the list shows it", async () => {
  await using cli = await fleet();
  const args = ["host", "cordon", "mac-1", "--reason", "os upgrade", "--for", "2h"];
  expect((await cli.tartfleet(...args)).stdout).toContain("cordoned by token ana (ana0): os upgrade");
  expect(cli.standIn.requests[0]?.body).toEqual({ reason: "os upgrade", forSeconds: 7200 });
  await cli.tartfleet("host", "drain", "mac-1", "--reason", "update", "--deadline", "1h", "--end-vms");
  expect(cli.standIn.requests[1]?.body).toEqual({ reason: "update", deadlineSeconds: 3600, endVms: true });
  expect((await cli.tartfleet("host", "list")).stdout).toMatch(/^mac-1 +draining /m);
  await cli.tartfleet("host", "uncordon", "mac-1");
  expect((await cli.tartfleet("host", "list")).stdout).toMatch(/^mac-1 +connected /m);
  expect((await cli.tartfleet("host", "cordon", "mac-1")).stderr).toContain("--reason");
});

test("host remove is refused while VMs are there, and says what becomes of them before it is forced", async () => {
  await using cli = await fleet();
  const refused = await cli.tartfleet("host", "remove", "mac-1");
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("aaaabbbbccccdddd");
  const dry = await cli.tartfleet("host", "remove", "mac-1", "--dry-run");
  expect(dry.stdout).toContain("aaaabbbbccccdddd (ready) fails (host_removed)");
  const forced = await cli.tartfleet("host", "remove", "mac-1", "--force");
  expect(forced.stderr).toContain("aaaabbbbccccdddd (ready) fails (host_removed)");
  expect(forced.stdout).toBe("Host mac-1 is removed\n");
});

test("image list shows what a name stands for on which host", async () => {
  await using cli = await fleet();
  const { stdout } = await cli.tartfleet("image", "list");
  expect(stdout).toMatch(/^IMAGE +DIGEST +HOSTS +SIZE +BOOT +ON +PULLING$/m);
  expect(stdout).toMatch(
    /^ghcr\.io\/org\/image:15 +sha256:a{12} \(differs\) +1 +31\.3 GiB +41s, p95 58s +mac-1 +mac-3 42% of 25\.4 GB$/m,
  );
  expect(stdout).toMatch(
    /^ghcr\.io\/org\/image:15 +sha256:b{12} \(differs\) +1 +31\.3 GiB +41s, p95 58s +mac-2 +mac-3 42% of 25\.4 GB$/m,
  );
});

test("attempts says what became of those on a host or with an image", async () => {
  await using cli = await fleet();
  const { stdout } = await cli.tartfleet("host", "attempts", "mac-1", "--limit", "10");
  expect(Object.fromEntries(cli.standIn.requests.at(-1)?.query ?? [])).toEqual({
    host: "mac-1",
    limit: "10",
  });
  expect(stdout).toMatch(/^1 of the newest 2 came up\.\nWHEN +VM +ATTEMPT +HOST +IMAGE +CAME TO$/m);
  expect(stdout).toMatch(/vm0000000001 +1 +mac-1 +ghcr\.io\/org\/image:15 +guest_unreachable in booting$/m);
  expect(stdout).toMatch(/of another team +1 +mac-1 .* ready$/m);
  await cli.tartfleet("image", "attempts", "ghcr.io/org/image:16");
  expect(Object.fromEntries(cli.standIn.requests.at(-1)?.query ?? [])).toEqual({
    image: "ghcr.io/org/image:16",
    limit: "50",
  });
});

test("team set changes what is given and keeps the rest; list shows it; remove takes it away", async () => {
  await using cli = await fleet();
  await cli.tartfleet("team", "set", "ios", "--guaranteed", "2", "--cap", "6");
  await cli.tartfleet("team", "set", "ios", "--cap", "none", "--weight", "1.5");
  expect(cli.standIn.requests.at(-1)?.body).toEqual({ guaranteed: 2, cap: null, weight: 1.5 });
  const { stdout } = await cli.tartfleet("team", "list");
  expect(stdout).toMatch(/^TEAM +GUARANTEED +CAP +WEIGHT +HELD +QUEUED +SHARE\nios +2 +- +1\.5 +3 +7 +set$/m);
  expect((await cli.tartfleet("team", "set", "ios", "--cap", "many")).code).toBe(64);
  expect((await cli.tartfleet("team", "remove", "ios")).code).toBe(0);
  expect((await cli.tartfleet("team", "remove", "ios")).stderr).toContain("has no share");
});

test("capacity for a kind of VM says how many could start now, and what becomes free soon", async () => {
  await using cli = await fleet();
  const args = ["--image", "ghcr.io/org/image:15", "--team", "ios", "--memory-mib", "8192"];
  const labels = ["--host-label", "xcode=16", "--host-label", "rack=b4"];
  const { code, stdout } = await cli.tartfleet("capacity", ...args, ...labels);
  expect(code).toBe(0);
  expect(stdout.split("\n").slice(0, 3)).toEqual([
    "2 VMs of ghcr.io/org/image:15 could start now for team ios, 1 of them where the image is; the team's cap allows no more.",
    "The team holds 2 slots of at most 4; 3 wait in the fleet.",
    "Within 15m about 6 such slots become free, in nine of ten cases at least 4.",
  ]);
  expect(Object.fromEntries(cli.standIn.requests[0]?.query ?? [])).toEqual({
    image: "ghcr.io/org/image:15",
    team: "ios",
    memoryMiB: "8192",
    hostLabels: "xcode=16,rack=b4",
  });
});

test("channel commands ask for what they say, and show tells what was decided and why", async () => {
  await using cli = await fleet();
  await cli.tartfleet("channel", "set", "xcode-16", "ghcr.io/org/xcode:1");
  expect(cli.standIn.requests.at(-1)?.body).toEqual({ image: "ghcr.io/org/xcode:1" });
  await cli.tartfleet("channel", "rollout", "xcode-16", "ghcr.io/org/xcode:2", "--samples", "5");
  expect(cli.standIn.requests.at(-1)?.body).toEqual({ image: "ghcr.io/org/xcode:2", samplesPerStep: 5 });
  expect((await cli.tartfleet("channel", "show", "xcode-16")).stdout).toContain(
    "It fails more often: 3 of 3",
  );
  expect((await cli.tartfleet("channel", "list")).stdout).toMatch(/^xcode-16 +ghcr\.io\/org\/xcode:1 +-$/m);
  expect((await cli.tartfleet("channel", "rollback", "xcode-16")).code).toBe(0);
  expect((await cli.tartfleet("channel", "remove", "xcode-16")).code).toBe(0);
});

test("pool commands ask for what they say; what is not given stays as it is", async () => {
  await using cli = await fleet();
  const body = () => cli.standIn.requests.at(-1)?.body;
  expect((await cli.tartfleet("pool", "set", "other", "--min-idle", "1")).code).toBe(64);
  const first = ["--image", "channel:xcode-16", "--min-idle", "3", "--window", "mon-fri 07:00-19:00"];
  await cli.tartfleet("pool", "set", "ios", ...first, "--window", "sat,sun 22:00-02:00 1", "--max-age", "2h");
  const week = ["mon", "tue", "wed", "thu", "fri"];
  expect(body()).toMatchObject({
    image: "channel:xcode-16",
    minIdle: 3,
    maxAgeMinutes: 120,
    schedule: {
      windows: [
        { days: week, from: "07:00", to: "19:00" },
        { days: ["sat", "sun"], from: "22:00", to: "02:00", minIdle: 1 },
      ],
    },
  });
  const zoned = await cli.tartfleet("pool", "set", "ios", "--time-zone", "Europe/Berlin", "--cpu", "4");
  expect(body()).toMatchObject({
    image: "channel:xcode-16",
    cpu: 4,
    max: 4,
    schedule: { timeZone: "Europe/Berlin", windows: [{ days: week }, { minIdle: 1 }] },
  });
  expect(zoned.stdout).toContain("mon,tue,wed,thu,fri 07:00-19:00");
  await cli.tartfleet("pool", "set", "ios", "--always");
  expect(body()).toMatchObject({ schedule: null });
  expect((await cli.tartfleet("pool", "set", "ios", "--window", "someday 07:00-19:00")).code).toBe(64);
  expect((await cli.tartfleet("pool", "get", "xcode")).stdout).toMatch(/^hits +30 of 40 \(75 %\)$/m);
  expect((await cli.tartfleet("pool", "list")).stdout).toMatch(/^ios +1\/2 +1 +0 +30 +10 +75 % +123 /m);
  expect((await cli.tartfleet("pool", "remove", "ios")).code).toBe(0);
});

test("token create shows the token once, alone on stdout", async () => {
  await using cli = await fleet();
  const args = ["token", "create", "--role", "ci", "--name", "build", "--team", "ios", "--expires-in", "30d"];
  const { code, stdout, stderr } = await cli.tartfleet(...args);
  expect(code).toBe(0);
  expect(stdout).toBe(`${NEW_TOKEN}\n`);
  expect(stderr).toContain("Token tok-9 (ci, build) was made, valid until");
  expect(stderr).not.toContain(NEW_TOKEN);
  expect(cli.standIn.requests[0]?.body).toEqual({
    role: "ci",
    name: "build",
    team: "ios",
    expiresInSeconds: 2_592_000,
  });
  expect(documentOf(await cli.tartfleet(...args, "--json"))).toMatchObject({ id: "tok-9", token: NEW_TOKEN });
});

test("token create passes on what an enrolment token is bound to", async () => {
  await using cli = await fleet();
  const enrolment = ["token", "create", "--role", "host-enrolment", "--name", "rack"];
  await cli.tartfleet(...enrolment, "--uses", "8", "--host-label", "rack=b4", "--host-label", "xcode=16");
  await cli.tartfleet(...enrolment, "--uses", "unlimited");
  const asked = { role: "host-enrolment", name: "rack" };
  expect(cli.standIn.requests.map(({ body }) => body)).toEqual([
    { ...asked, uses: 8, hostLabels: { rack: "b4", xcode: "16" } },
    { ...asked, uses: "unlimited" },
  ]);
  expect((await cli.tartfleet(...enrolment, "--uses", "0")).code).toBe(64);
  expect((await cli.tartfleet(...enrolment, "--host-label", "rack")).code).toBe(64);
});

test("token create --to-file shows it nowhere and overwrites nothing", async () => {
  await using cli = await fleet();
  await using dir = await scratch();
  const file = dir.file("ci.token");
  const args = ["token", "create", "--role", "ci", "--name", "build", "--to-file", file];
  const { code, stdout, stderr } = await cli.tartfleet(...args, "--json");
  expect(code).toBe(0);
  expect(stdout + stderr).not.toContain(NEW_TOKEN);
  expect(await readFile(file, "utf8")).toBe(`${NEW_TOKEN}\n`);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const asked = cli.standIn.requests.length;
  expect((await cli.tartfleet(...args)).code).toBe(64);
  expect(cli.standIn.requests).toHaveLength(asked);
});

test("token rotate shows the new secret once, and says what becomes of the old one", async () => {
  await using cli = await fleet();
  const { code, stdout, stderr } = await cli.tartfleet("token", "rotate", "tok-2");
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${NEW_TOKEN}\n` });
  expect(stderr).toContain("Token tok-2 (ci, build) has a new secret; the one before works until");
  await using dir = await scratch();
  const file = dir.file("ci.token");
  const now = await cli.tartfleet("token", "rotate", "tok-2", "--grace", "0", "--to-file", file);
  expect(now.stdout + now.stderr).not.toContain(NEW_TOKEN);
  expect(now.stderr).toContain("the one before no longer works");
  expect(await readFile(file, "utf8")).toBe(`${NEW_TOKEN}\n`);
  expect(cli.standIn.requests.map(({ body }) => body)).toEqual([{ graceSeconds: 3600 }, { graceSeconds: 0 }]);
});

test("token list and revoke", async () => {
  await using cli = await fleet();
  const { stdout } = await cli.tartfleet("token", "list");
  expect(stdout).toMatch(/^tok-2 +ci +build +default +- +valid +never +- +\d+d ago$/m);
  expect((await cli.tartfleet("token", "revoke", "tok-2")).stdout).toBe("Token tok-2 is revoked\n");
  expect([...cli.standIn.revoked]).toEqual(["tok-2"]);
  expect(documentOf(await cli.tartfleet("token", "revoke", "tok-1", "--json"))).toEqual({
    id: "tok-1",
    revoked: true,
  });
  expect((await cli.tartfleet("token", "revoke", "tok-8")).code).toBe(2);
});

test("host revoke ends a host's credential, for admins", async () => {
  await using cli = await fleet();
  const { code, stdout } = await cli.tartfleet("host", "revoke", "mac-1");
  expect([code, stdout]).toEqual([0, "The credential of host mac-1 is revoked\n"]);
  expect([...cli.standIn.revoked]).toEqual(["host mac-1"]);
  expect((await cli.tartfleet("host", "revoke", "mac-99")).code).toBe(2);
});

test("history draws each line over time, and asks for what was asked", async () => {
  await using cli = await fleet();
  const { stdout } = await cli.tartfleet("history", "wait", "--by", "team", "--from", "2026-01-01T00:00:00Z");
  const { query } = cli.standIn.requests[0] ?? {};
  expect(Object.fromEntries(query ?? [])).toEqual({
    series: "wait",
    by: "team",
    from: "2026-01-01T00:00:00.000Z",
  });
  const [head, line] = stdout.split("\n");
  expect(head).toMatch(/^WAIT +COUNT +MEAN +LONGEST +P95 OVER TIME$/);
  expect(line).toMatch(/^fleet +4 +41s +8m +▂ {23}█$/);
  const nothing = await cli.tartfleet("history", "ends");
  expect([nothing.code, nothing.stderr]).toEqual([0, "Nothing was observed in that time.\n"]);
  expect(documentOf(await cli.tartfleet("history", "wait", "--json"))).toMatchObject({ series: "wait" });
  expect((await cli.tartfleet("history", "lunch")).code).toBe(64);
});

test("report shows minutes by what was asked for, as a table or as CSV that no spreadsheet obeys", async () => {
  await using cli = await fleet();
  const args = ["report", "--from", "2026-03-01", "--to", "2026-03-30", "--by", "team", "--by", "image"];
  const { stdout } = await cli.tartfleet(...args);
  expect(Object.fromEntries(cli.standIn.requests[0]?.query ?? [])).toEqual({
    from: "2026-03-01",
    to: "2026-03-30",
    by: "team,image",
  });
  const [head, , nobody, total] = stdout.split("\n");
  expect(head).toMatch(/^TEAM +IMAGE +SLOT MINUTES +BOOTING +WORKING .* PHANTOM +WAITED IN QUEUE$/);
  expect(nobody).toMatch(/^- +- +63\.5 +2\.5 +60\.0 /);
  expect(total).toMatch(/^total +63\.5 /);
  const csv = await cli.tartfleet("report", "--csv");
  expect(csv.stdout).toBe(
    "team,slot_minutes,booting_minutes,working_minutes,draining_minutes,warm_minutes,held_minutes,phantom_minutes,waiting_in_queue_minutes\r\n" +
      `"'=a,""b""",63.5,2.5,60,1,0,0,0,12.25\r\n` +
      ",63.5,2.5,60,1,0,0,0,12.25\r\n",
  );
  expect(documentOf(await cli.tartfleet("report", "--json"))).toMatchObject({ by: ["team"] });
});

test("mistakes on the command line give 64, and help and version 0", async () => {
  const wrongs = [["vm"], ["vm", "crate"], ["vm", "get"], ["token", "create"], ["--nonsense"], []];
  const codes = await Promise.all(wrongs.map(async (args) => [args, (await run(args)).code]));
  expect(codes).toEqual(wrongs.map((args) => [args, 64]));
  const wrong = await run(["vm", "wait", "x", "--for", "lunch", "--json"]);
  expect(wrong.code).toBe(64);
  expect(documentOf(wrong)).toMatchObject({ error: { code: "usage", exitCode: 64 } });
  expect((await run(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  for (const args of [["--help"], ["vm", "create", "--help"]]) {
    const { code, stdout } = await run(args);
    expect(code).toBe(0);
    expect(stdout).toContain("Exit codes:");
    expect(stdout).toContain("5   the control plane was not reached");
  }
});

test("a reader that goes away is no error", async () => {
  await using cli = await fleet();
  const id = addVm(cli.standIn);
  await using child = cli.start("vm", "events", id, "-f");
  await child.shows("Accepted.");
  child.stopReading();
  cli.standIn.walk(id, "assigned");
  const { code, stderr } = await child.ended;
  expect({ code, stderr }).toEqual({ code: 141, stderr: "" });
});
