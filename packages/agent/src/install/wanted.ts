import { plistPath, plistText, type LaunchdJob } from "@tartfleet/launchd";
import type { Secret } from "@tartfleet/shared";
import { dirname, join } from "node:path";
import { LEASE_KEY, LEASE_SECONDS, SHARING } from "../doctor/dhcp.ts";
import { LOCAL_NETWORK } from "../doctor/local-network.ts";
import { AUTO_LOGIN } from "../doctor/session.ts";
import { AWAKE } from "../doctor/sleep.ts";
import { hidePassword } from "./kcpassword.ts";
import {
  AGENT_ENV,
  agentJob,
  ALLOWED_SIGNERS,
  BOOT_JOB,
  BOOT_LOG,
  CURRENT,
  ETC,
  homeLayout,
  KCPASSWORD,
  LIB,
  NEWSYSLOG,
  newsyslogRule,
  PROGRAM,
  VERSIONS,
} from "./layout.ts";
import type { Target } from "./plan.ts";
import { defaultState, isDictionary, valueOf } from "./things/default.ts";
import { fileState, folderState, type Access } from "./things/files.ts";
import { LOADED } from "./things/job.ts";
import { LOCKED, STAYS_OPEN } from "./things/keychain.ts";
import type { State } from "./things/thing.ts";

/** A user of this Mac. */
export interface User {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

/** What is asked for. */
export interface Choice {
  user: User;
  /** Of the user's files. */
  owner: Omit<Access, "mode">;
  bundle: { version: string; digest: string };
  /** Text of agent.env. */
  agentEnv: string;
  dataDir: string;
  token: Secret | undefined;
  /** Of the user. */
  password: Secret | undefined;
  /** Text of allowed_signers. */
  allowedSigners: string | undefined;
  ec2: boolean;
}

/** What this Mac is like, where that makes a difference. */
export interface Facts {
  /** Major version of macOS. */
  macos: number;
  /** The user is logged in at the screen. */
  hasSession: boolean;
  /** Who is logged in by itself after a restart. */
  autoLogin: string | undefined;
  /** By source of power, what this Mac has settings for. */
  power: ReadonlyMap<string, ReadonlySet<string>>;
}

const ROOT = { uid: 0, gid: 0 };

/** Everything that a host needs, in the order in which it is set. */
export function wanted(choice: Choice, facts: Facts): Target[] {
  return [...program(choice), ...settings(choice), ...system(choice, facts), ...jobs(choice, facts)];
}

function program({ bundle: { version, digest } }: Choice): Target[] {
  return [
    folder("/usr/local/bin", "holds the program"),
    folder("/usr/local/lib", "holds the versions of the agent"),
    ownFolder(LIB, "holds the versions of the agent", { mode: "0755", ...ROOT }),
    ownFolder(VERSIONS, "holds the versions of the agent", { mode: "0755", ...ROOT }),
    {
      thing: { kind: "bundle", path: `${VERSIONS}/${version}` },
      why: "this version of the agent",
      to: digest,
    },
    { thing: { kind: "link", path: CURRENT }, why: "the version that runs", to: `versions/${version}` },
    {
      thing: { kind: "link", path: PROGRAM },
      why: "the agent, for people and launchd",
      to: "../lib/tartfleet/current/bin/tartfleet-agent",
    },
  ];
}

function settings({ owner: mine, agentEnv, dataDir, token, allowedSigners }: Choice): Target[] {
  return [
    folder("/usr/local/etc", "holds the settings"),
    ownFolder(ETC, "holds the settings", { mode: "0755", ...ROOT }),
    file(AGENT_ENV, "the agent's settings", { mode: "0644", ...ROOT }, agentEnv),
    ...(allowedSigners === undefined
      ? [keep(ALLOWED_SIGNERS)]
      : [
          file(
            ALLOWED_SIGNERS,
            "whose signatures an upgrade takes",
            { mode: "0644", ...ROOT },
            allowedSigners,
          ),
        ]),
    ownFolder(dataDir, "holds the credential and the journal", { mode: "0700", ...mine }),
    ...(token === undefined
      ? [keep(join(dataDir, "enrolment-token"))]
      : [
          hidden(
            join(dataDir, "enrolment-token"),
            "makes this Mac a host",
            { mode: "0600", ...mine },
            `${token.reveal()}\n`,
          ),
        ]),
  ];
}

/** Where EC2 tells a Mac about itself. */
const LINK_LOCAL = "169.254.0.0/16";

function system(choice: Choice, { macos, power, autoLogin }: Facts): Target[] {
  const { user, password, ec2 } = choice;
  const networks = [...LOCAL_NETWORK.networks, ...(ec2 ? [LINK_LOCAL] : [])];
  const isLoggedIn = password !== undefined || autoLogin === user.name;
  return [
    folder(dirname(NEWSYSLOG), "holds rules for logs"),
    file(
      NEWSYSLOG,
      "keeps the agent's log short",
      { mode: "0644", ...ROOT },
      newsyslogRule(user.home, user.uid, user.gid),
    ),
    {
      thing: { kind: "default", path: SHARING, key: LEASE_KEY },
      why: "addresses of VMs that have ended are free again soon",
      to: withLeaseTime,
    },
    ...(macos < 15 ? [] : LOCAL_NETWORK.keys).map((key) => ({
      thing: { kind: "default", path: LOCAL_NETWORK.asRoot, key } as const,
      why: "the agent may speak to its VMs",
      to: (now: State) => withNetworks(now, networks),
    })),
    ...[...power].flatMap(([source, known]) =>
      Object.entries(AWAKE)
        .filter(([name]) => known.has(name))
        .map(([name, to]): Target => ({
          thing: { kind: "power", source, name },
          why:
            name === "autorestart"
              ? "comes back after a power failure"
              : "a Mac that sleeps is a silent host",
          to,
        })),
    ),
    ...(password === undefined
      ? [keep(KCPASSWORD), { thing: AUTO_LOGIN_USER, why: "as it is", to: asItIs }]
      : [
          hidden(
            KCPASSWORD,
            "logs the user in after a restart",
            { mode: "0600", ...ROOT },
            hidePassword(password.reveal()),
          ),
          { thing: AUTO_LOGIN_USER, why: "logs the user in after a restart", to: defaultState(user.name) },
        ]),
    {
      thing: { kind: "keychain", user: user.name, uid: user.uid },
      why: "macOS VMs do not start while it is locked",
      to: (now) => keychainState(now, isLoggedIn),
    },
  ];
}

const AUTO_LOGIN_USER = { kind: "default", path: AUTO_LOGIN.path, key: AUTO_LOGIN.key } as const;

function jobs(choice: Choice, { hasSession }: Facts): Target[] {
  const { user, owner: mine, ec2 } = choice;
  const { launchAgents, logs } = homeLayout(user.home);
  const agent = agentJob(user.home);
  return [
    folder(join(user.home, "Library"), "holds launchd's job", { mode: "0700", ...mine }),
    folder(join(user.home, "Library/Logs"), "holds the agent's log", { mode: "0700", ...mine }),
    ownFolder(logs, "holds the agent's log", { mode: "0755", ...mine }),
    folder(launchAgents, "holds launchd's job", { mode: "0755", ...mine }),
    jobFile(join(user.home, "Library", plistPath(agent)), agent, "runs the agent in the user's session"),
    // What is asked at the boot of an EC2 Mac is not there yet.
    {
      thing: {
        kind: "job",
        domain: `gui/${user.uid}`,
        label: agent.label,
        path: join(user.home, "Library", plistPath(agent)),
      },
      why: "the agent",
      to: hasSession && !ec2 ? LOADED : asItIs,
    },
    ...(ec2
      ? [
          {
            thing: { kind: "file", path: BOOT_LOG, hidden: true } as const,
            why: "what the boot script says",
            to: (now: State) => now ?? fileState({ mode: "0644", ...ROOT }, ""),
          },
          jobFile(`/Library/${plistPath(BOOT_JOB)}`, BOOT_JOB, "asks EC2 at each boot what this Mac is"),
          {
            thing: {
              kind: "job",
              domain: "system",
              label: BOOT_JOB.label,
              path: `/Library/${plistPath(BOOT_JOB)}`,
            } as const,
            why: "the boot script",
            to: asItIs,
          },
        ]
      : []),
  ];
}

const asItIs = (now: State): State => now;

/** One that others use as well: how it is, is right. */
function folder(path: string, why: string, access: Access = { mode: "0755", ...ROOT }): Target {
  return { thing: { kind: "folder", path, tree: false }, why, to: (now) => now ?? folderState(access) };
}

function ownFolder(path: string, why: string, access: Access): Target {
  return { thing: { kind: "folder", path, tree: true }, why, to: folderState(access) };
}

function file(path: string, why: string, access: Access, text: string): Target {
  return { thing: { kind: "file", path, hidden: false }, why, to: fileState(access, text) };
}

function hidden(path: string, why: string, access: Access, contents: string | Buffer): Target {
  return { thing: { kind: "file", path, hidden: true }, why, to: fileState(access, contents) };
}

/** What was asked for once, and is not asked for again. */
function keep(path: string): Target {
  return { thing: { kind: "file", path, hidden: true }, why: "as it is", to: asItIs };
}

/** launchd takes a file from root only when it is root's, whoever's session it is for. */
function jobFile(path: string, job: LaunchdJob, why: string): Target {
  return file(path, why, { mode: "0644", ...ROOT }, plistText(job));
}

/** Beside whatever else is set for macOS' DHCP server. */
function withLeaseTime(now: State): State {
  const value = valueOf(now);
  const others = value !== undefined && isDictionary(value) ? value : {};
  return defaultState({ ...others, DHCPLeaseTimeSecs: LEASE_SECONDS });
}

function withNetworks(now: State, networks: readonly string[]): State {
  const value = valueOf(now);
  const there = Array.isArray(value) ? value.map(String) : [];
  const missing = networks.filter((network) => !there.includes(network));
  return missing.length === 0 ? now : defaultState([...there, ...missing]);
}

/** At the first login macOS makes one with the user's password; one without would stay locked then. */
function keychainState(now: State, isLoggedIn: boolean): State {
  if (now === LOCKED || (now === null && isLoggedIn)) return now;
  return STAYS_OPEN;
}
