import { waitForGuest } from "@tartfleet/agent/src/guest/index.ts";
import { makeSshGuest, type SshLogin } from "@tartfleet/agent/src/guest/ssh-guest.ts";
import type { Guest } from "@tartfleet/agent/src/guest/guest.ts";
import { makeTart } from "@tartfleet/agent/src/tart/index.ts";
import { imageParts, Secret } from "@tartfleet/shared";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "../context.ts";
import { ImagesError } from "../images-error.ts";
import { layersOf, MOST_LAYERS, tooManyLayers } from "../push/layers.ts";
import type { Release } from "../templates/release.ts";
import type { Point } from "./finding.ts";
import { ABSENT, guestChecks, TOOLS_BY_SSH, type GuestCheck, type Simulators } from "./guest-checks.ts";

export interface VerifyOptions {
  /** A local VM or a reference. */
  image: string;
  release: Release;
  freeSpaceMb: number;
  simulators: Simulators;
  /** How long the guest may take to answer. */
  bootSeconds: number;
  /** Divides the pauses between tries; 1 on a Mac. */
  pace?: number;
  sshPort?: number;
}

/**
 * Looks at a fresh clone of an image, as the fleet would make one, point by point of the sign-off list, and removes it.
 *
 * @throws ImagesError `vm_unusable` when there is no guest to look into
 */
export async function verify(options: VerifyOptions, context: Context): Promise<Point[]> {
  const { env, now, signal } = context;
  const home = env["TART_HOME"] ?? join(env["HOME"] ?? homedir(), ".tart");
  const tart = makeTart({ env, tartHome: home, pace: options.pace });
  // Not like the fleet's: an agent on this Mac leaves it alone.
  const name = `verify-${now().toString(36)}`;
  const logs = await mkdtemp(join(tmpdir(), "tartfleet-verify-"));
  try {
    unwrap(await tart.clone(options.image, name, { signal }));
    unwrap(await tart.configure(name, {}));
    const begun = now();
    const logPath = join(logs, "run.log");
    unwrap(await tart.run(name, { run: {}, logPath }));
    const ssh: SshLogin = { username: "admin", password: new Secret("admin"), port: options.sshPort ?? 22 };
    const timeoutSeconds = options.bootSeconds;
    const reached = unwrap(
      await waitForGuest({ name, tart, logPath, ssh, timeoutSeconds, signal, pace: options.pace }),
    );
    const seconds = Math.round((now() - begun) / 1000);
    const checks = await guestChecks({ ...options, folder: context.folder });
    const ip = reached.ip;
    const agentIp = await tart.ip(name, { signal, resolver: "agent" });
    const points = [
      nameOf(options.image),
      ...(await runAll(checks, reached.guest, signal)),
      point(
        3,
        "tart exec reaches the guest",
        reached.guest.via === "exec",
        `answered by ${reached.guest.via}`,
      ),
      point(
        3,
        "the guest agent tells the address",
        agentIp.ok,
        agentIp.ok ? agentIp.value : agentIp.failure.message,
      ),
      ...(ip === null
        ? [point(3, "ssh takes the password", false, "nobody could tell the guest's address")]
        : await bySsh(makeSshGuest(ip, ssh), signal)),
      await layersPoint(join(home, "vms", name, "disk.img")),
      ...byHand(options.image),
      point(15, "how long from the start of a clone until the guest answers", true, `${seconds} s`),
    ];
    return points.sort((a, b) => a.number - b.number);
  } finally {
    await tart.stop(name);
    await tart.delete(name);
    await rm(logs, { recursive: true, force: true });
  }
}

function unwrap<T>(
  result: { ok: true; value: T } | { ok: false; failure: { message: string; output: string } },
): T {
  if (result.ok) return result.value;
  throw new ImagesError("vm_unusable", result.failure.message, result.failure.output || "tart said no more.");
}

async function runAll(checks: readonly GuestCheck[], guest: Guest, signal: AbortSignal): Promise<Point[]> {
  const points: Point[] = [];
  for (const { number, title, script, timeoutSeconds } of checks) {
    const ran = await guest.run(script, { timeoutSeconds, signal });
    if (!ran.ok) points.push({ number, title, verdict: "broken", evidence: ran.failure.message });
    else {
      const { exitCode, stdout, stderr } = ran.value;
      const verdict = exitCode === 0 ? "kept" : exitCode === ABSENT ? "absent" : "broken";
      points.push({
        number,
        title,
        verdict,
        evidence: [stdout.trim(), stderr.trim()].filter(Boolean).join("\n"),
      });
    }
  }
  return points;
}

async function bySsh(guest: Guest, signal: AbortSignal): Promise<Point[]> {
  const login: GuestCheck = {
    number: 3,
    title: "ssh takes the password",
    script: "echo it does",
    timeoutSeconds: 60,
  };
  return await runAll([login, TOOLS_BY_SSH], guest, signal);
}

function nameOf(image: string): Point {
  const digest = imageParts(image)?.digest;
  const title = "it can be named for good";
  if (digest !== undefined) return point(2, title, true, digest);
  return { number: 2, title, verdict: "by hand", evidence: "`npm run images -- push` says the digest" };
}

async function layersPoint(disk: string): Promise<Point> {
  const bytes = (await stat(disk)).size;
  const evidence = tooManyLayers(bytes) ?? `${layersOf(bytes)} layers; at most ${MOST_LAYERS}`;
  return point(13, "a registry takes it", tooManyLayers(bytes) === undefined, evidence);
}

function byHand(image: string): Point[] {
  const look = (number: number, title: string, evidence: string): Point => ({
    number,
    title,
    verdict: "by hand",
    evidence,
  });
  return [
    look(4, "no dialog is on the screen", `tart clone ${image} look && tart run look`),
    look(11, "Safari can be driven", "in a job: safaridriver -p 4444, and a session"),
    look(
      13,
      "a cold pull is quick enough",
      "`tartfleet image prepull` of it, and `tartfleet image attempts` then",
    ),
    look(
      14,
      "a job of each CI system runs, ends, and the next begins clean",
      "`npm run demo -- --tart`, then your CI system's own",
    ),
  ];
}

const point = (number: number, title: string, kept: boolean, evidence: string): Point => ({
  number,
  title,
  verdict: kept ? "kept" : "broken",
  evidence,
});
