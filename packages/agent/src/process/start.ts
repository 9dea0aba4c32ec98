import { parseToken, type Secret } from "@tartfleet/shared";
import { trustFor, type Trust } from "@tartfleet/tls";
import { dialTunnel } from "@tartfleet/tunnel";
import { arch, availableParallelism, totalmem } from "node:os";
import packageJson from "../../package.json" with { type: "json" };
import { createAgent } from "../agent.ts";
import { systemClock } from "../clock.ts";
import type { SettingsFiles } from "../config/files.ts";
import type { Settings } from "../config/settings.ts";
import { askSkew } from "../doctor/ask-clock.ts";
import { examine } from "../doctor/examine.ts";
import { tartHomeOf, thisHost } from "../doctor/patient.ts";
import { watch } from "../doctor/watch.ts";
import { diskOf, factsOf, type FixedFacts } from "../host/facts.ts";
import { DEFAULT_TIMING } from "../host/ports.ts";
import { fileJournal } from "../journal/file-journal.ts";
import type { LinkEnd } from "../link/link.ts";
import { trpcControlPlane } from "../link/trpc-control-plane.ts";
import type { Log } from "../log.ts";
import { chooseLauncher } from "../launchd/choose.ts";
import { DEFAULT_LIMITS } from "../reconcile/limits.ts";
import { makeCredentialSource } from "../registry/credentials.ts";
import { makeResolveTag } from "../registry/resolve-tag.ts";
import { makeTart } from "../tart/index.ts";
import { makeOpenTunnel, SERVED_KINDS } from "../tunnel/serve.ts";
import { enrolAnew, readCredential, type Credential, type Enrolment } from "./credential.ts";
import type { DataDir } from "./data-dir.ts";
import { AgentStop } from "./exit.ts";
import { realGuests } from "./guests.ts";
import { defaultName, machineId, osVersion } from "./identity.ts";
import { keepStatus } from "./status-file.ts";

/** For the control plane to take a tunnel. */
const HANDSHAKE_MS = 10_000;

interface Start {
  settings: Settings;
  files: SettingsFiles;
  dataDir: DataDir;
  env: Readonly<Record<string, string | undefined>>;
  log: Log;
  signal: AbortSignal;
}

/**
 * Enrols when needed and runs until the signal is aborted.
 *
 * @throws AgentStop when it cannot start or go on
 */
export async function runAgent(start: Start): Promise<void> {
  const { settings, files, dataDir, env, log, signal } = start;
  const tartHome = tartHomeOf(settings.tartHome, env);
  const launcher = await chooseLauncher({
    given: settings.vmProcesses,
    env,
    tartHome,
    dir: dataDir.path,
    log,
  });
  const credentials = makeCredentialSource(env);
  const tart = makeTart({ path: settings.tart, tartHome, env, credentials, launcher });
  const version = await tart.version();
  if (!version.ok) throw new AgentStop("tart", `${version.failure.message} Give the path of tart by --tart.`);
  const tartVersion = version.value.slice(0, 64);

  const trust = (token: Secret): Trust => {
    const whom = trustFor({
      url: settings.url,
      token: token.reveal(),
      ca: files.ca,
      insecure: settings.insecure,
    });
    if ("refused" in whom) throw new AgentStop("settings", whom.refused);
    return whom;
  };
  const enrolment: Enrolment = {
    url: settings.url,
    name: settings.name ?? defaultName(),
    machineId: settings.machineId ?? (await machineId()),
    token: files.enrolmentToken,
    path: dataDir.credential,
    trust,
  };
  let credential = await credentialFor(settings, enrolment, log);
  trust(credential.credential);
  const fixed: FixedFacts = {
    agentVersion: packageJson.version,
    tartVersion,
    osVersion: settings.osVersion ?? (await osVersion()),
    arch: arch(),
    cpu: settings.cpu ?? availableParallelism(),
    memoryMiB: settings.memoryMib ?? Math.floor(totalmem() / 2 ** 20),
    labels: settings.label ?? {},
    resolvesTags: true,
    tunnelKinds: SERVED_KINDS,
  };
  log.info(
    { name: credential.name, url: settings.url, dataDir: dataDir.path, tartHome, ...fixed },
    "agent started",
  );

  const patient = thisHost(settings, env, (limit) =>
    askSkew(settings.url, trust(credential.credential), limit),
  );
  const doctor = watch({ examine: (limit) => examine(patient, limit), clock: systemClock, log }, signal);

  const agent = createAgent({
    controlPlane: trpcControlPlane({
      url: settings.url,
      credential: () => ({ token: credential.credential.reveal(), trust: trust(credential.credential) }),
    }),
    machineId: enrolment.machineId,
    agentId: dataDir.agentId,
    facts: async (view) => factsOf(fixed, view, await diskOf(tartHome), doctor.findings()),
    tart,
    resolveTag: makeResolveTag(env, credentials),
    openTunnel: makeOpenTunnel({
      dial: (path) =>
        dialTunnel({
          url: settings.url,
          path,
          token: credential.credential.reveal(),
          trust: trust(credential.credential),
          handshakeMs: HANDSHAKE_MS,
        }),
      tart,
      ssh: files.ssh,
      runLogs: dataDir.runLogs,
      log,
    }),
    guests: realGuests(tart, files.ssh, log),
    runLogs: dataDir.runLogs,
    pulledImages: dataDir.pulledImages,
    journal: fileJournal(dataDir.journal, log),
    onSession: keepStatus(dataDir.status, { version: packageJson.version, pid: process.pid }, log),
    clock: systemClock,
    random: Math.random,
    log,
    limits: {
      ...DEFAULT_LIMITS,
      bootMs: settings.bootTimeoutSeconds * 1000,
      slotMs: settings.slotTimeoutSeconds * 1000,
      orphanMs: settings.orphanGraceSeconds * 1000,
    },
    timing: { ...DEFAULT_TIMING, lookMs: settings.lookSeconds * 1000 },
  });
  const end = await agent.run(signal);
  if (isCredentialRefused(end) && enrolment.token !== undefined) {
    log.warn({ name: enrolment.name }, "the credential was refused; enrolling anew");
    credential = await enrolAnew(enrolment);
    throwFinal(await agent.run(signal), settings.url);
  } else throwFinal(end, settings.url);
}

async function credentialFor(settings: Settings, enrolment: Enrolment, log: Log): Promise<Credential> {
  const kept = await readCredential(enrolment.path);
  if (kept && settings.name !== undefined && kept.name !== settings.name) {
    const message = `this data folder is enrolled as ${kept.name}, not ${settings.name}; give --name ${kept.name} or another --data-dir`;
    throw new AgentStop("settings", message);
  }
  // A copied disk brings another machine's credential along, which is not for this one.
  if (kept && kept.machineId === enrolment.machineId && !namesAnotherKey(enrolment.token, kept)) return kept;
  const credential = await enrolAnew(enrolment);
  log.info({ name: credential.name, machineId: credential.machineId }, "enrolled");
  return credential;
}

/** Whoever gives a token with another pin says that the control plane has got another key. */
function namesAnotherKey(token: Secret | undefined, { credential }: Credential): boolean {
  const pin = parseToken(token?.reveal() ?? "")?.pin;
  return pin !== undefined && pin !== parseToken(credential.reveal())?.pin;
}

function isCredentialRefused(end: LinkEnd): boolean {
  return end.kind === "refused" && end.status === 401;
}

function throwFinal(end: LinkEnd, url: string): void {
  if (end.kind === "stopped") return;
  if (end.kind === "refused") {
    if (end.status === 401 || end.status === 403) {
      throw new AgentStop(
        "refused",
        "the control plane does not know this host's credential; start once with an enrolment token to enrol anew",
      );
    }
    throw new AgentStop(
      "noControlPlane",
      `what answers at ${url} is no tartfleet control plane (HTTP ${end.status}); check --url`,
    );
  }
  if (end.code === "session_fenced") {
    throw new AgentStop(
      "fenced",
      `another agent speaks for this host now, so this one stops (${end.message}); VMs are left as they are`,
    );
  }
  throw new AgentStop(end.code === "protocol_unsupported" ? "protocol" : "refused", end.message);
}
