import type { Finding } from "@tartfleet/shared";
import { access, constants, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { diskOf } from "../host/facts.ts";
import { childEnv, fullPath } from "../tart/config.ts";
import { ask } from "./ask.ts";
import { judgeClock, type Skew } from "./clock.ts";
import { judgeLeases, judgeLeaseTime, LEASE_KEY, LEASES, SHARING } from "./dhcp.ts";
import { judgeDisk } from "./disk.ts";
import { instanceRole } from "./instance-role.ts";
import { FINDING_CODES, ONLY_MACS, unknown, type FindingCode, type Judgement } from "./judge.ts";
import { judgeLocalNetwork, LOCAL_NETWORK } from "./local-network.ts";
import { loginsOn } from "./logins.ts";
import { judgeRegistry } from "./registry.ts";
import type { Said } from "./said.ts";
import { AUTO_LOGIN, judgeAutoLogin, judgeGuiSession, judgeKeychain } from "./session.ts";
import { judgeSleep } from "./sleep.ts";
import { judgeTart, judgeTartHome } from "./tart-version.ts";

/** Whom the doctor looks at. */
export interface Patient {
  /** Name or path of the executable. */
  tart: string;
  tartHome: string;
  /** The agent's own environment. */
  env: Readonly<Record<string, string | undefined>>;
  /** Of the agent's user. */
  uid: number;
  user: string;
  home: string;
  /** By how much the host's clock is ahead of the control plane's. */
  skew(signal: AbortSignal): Promise<Skew>;
  /** How long a program of the system may take to answer. */
  askMs?: number;
  /** Where bootpd keeps its leases and its settings, if not where macOS has them. */
  leases?: string;
  sharing?: string;
}

const ASK_MS = 10_000;

type Check = () => Judgement | Promise<Judgement>;

/**
 * Looks at everything at once; never rejects, and is done within the time that a few programs may take. What
 * cannot be asked is unknown. On what is no Mac, what only a Mac can have is left out.
 */
export async function examine(patient: Patient, signal: AbortSignal): Promise<Finding[]> {
  const { env, uid, user, home, askMs = ASK_MS, leases = LEASES, sharing = SHARING } = patient;
  // In English: the answers are read.
  const questionEnv = { ...childEnv(patient, { registry: false }), LC_ALL: "C" };
  const asked = (program: string, ...args: string[]): Promise<Said> =>
    ask(program, args, { env: questionEnv, timeoutMs: askMs, signal });

  const said = await asked("sw_vers", "-productVersion");
  const isMac = said.kind !== "missing";
  const macos = said.kind === "exited" && said.code === 0 ? said.stdout.trim().slice(0, 32) : undefined;
  const tart = asked(patient.tart, "--version");
  const keychain = isMac ? asked("security", "show-keychain-info", "login.keychain") : undefined;

  const checks: Record<FindingCode, Check> = {
    tart_version: async () => judgeTart(await tart, macos),
    tart_home: async () => judgeTartHome(patient.tartHome, await tart),
    gui_session: async () => judgeGuiSession(await asked("launchctl", "print", `gui/${uid}`), uid),
    keychain: async () => judgeKeychain((await keychain) ?? { kind: "missing" }, macos),
    auto_login: async () => {
      const [autoLogin, fileVault] = await Promise.all([
        asked("defaults", "read", AUTO_LOGIN.path, AUTO_LOGIN.key),
        asked("fdesetup", "status"),
      ]);
      return judgeAutoLogin(autoLogin, fileVault, user);
    },
    local_network: async () => {
      const allowed = await asked("defaults", "read", LOCAL_NETWORK.domain, LOCAL_NETWORK.keys[0]);
      return judgeLocalNetwork(allowed, macos, uid);
    },
    dhcp_lease_time: async () =>
      judgeLeaseTime(
        await asked("defaults", "read", sharing, LEASE_KEY),
        await mayBeRead(`${sharing}.plist`),
      ),
    dhcp_leases: async () => judgeLeases(await textOf(leases), Date.now() / 1000),
    sleep: async () => judgeSleep(await asked("pmset", "-g")),
    disk: async () => judgeDisk(await diskOf(patient.tartHome)),
    clock: async () => judgeClock(await patient.skew(signal)),
    registry_login: async () => {
      // A locked keychain would ask at the screen once more.
      const opened = await keychain;
      const isOpen = opened?.kind === "exited" && opened.code === 0;
      const kept = isOpen
        ? await asked("security", "find-internet-password", "-l", "Tart Credentials")
        : undefined;
      const logins = await loginsOn(home, fullPath(env["PATH"]));
      // What is no Mac is no host of EC2's either, unless it is told that it is.
      const mayBeInstance = isMac || env["AWS_EC2_METADATA_SERVICE_ENDPOINT"] !== undefined;
      const role = mayBeInstance ? await instanceRole(env, signal) : undefined;
      return judgeRegistry({ env, ...logins, keychain: kept, role });
    },
  };
  const codes = FINDING_CODES.filter((code) => isMac || !ONLY_MACS.has(code));
  return Promise.all(codes.map(async (code) => finding(code, await judged(checks[code], 3 * askMs))));
}

/** A check at most waits for two programs, one after the other; a volume that is away holds up for ever. */
async function judged(check: Check, limitMs: number): Promise<Judgement> {
  const over = new AbortController();
  const tooLong = sleep(limitMs, unknown("It took too long to be looked at."), { signal: over.signal });
  try {
    return await Promise.race([check(), tooLong]);
  } catch (error) {
    return unknown(`It could not be looked at (${String(error)}).`);
  } finally {
    tooLong.catch(() => {});
    over.abort();
  }
}

const MESSAGE_LENGTH = 500;
const CURE_LENGTH = 1000;

/** In the bounds of the protocol, whatever the system said: a hello with more would be refused. */
function finding(code: FindingCode, { state, message, cure, value }: Judgement): Finding {
  return {
    code,
    state,
    message: printable(message).slice(0, MESSAGE_LENGTH),
    cure: cure === null ? null : printable(cure).slice(0, CURE_LENGTH),
    ...(value === undefined ? {} : { value }),
  };
}

function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ");
}

/** null: there is no such file · undefined: it cannot be read */
async function textOf(path: string): Promise<string | null | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    return isAbsent(error) ? null : undefined;
  }
}

/** Also what is not there: then there is nothing to hide. */
async function mayBeRead(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK);
    return true;
  } catch (error) {
    return isAbsent(error);
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
