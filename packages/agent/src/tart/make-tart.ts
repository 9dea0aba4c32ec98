import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { makeCredentialSource, type CredentialSource } from "../registry/credentials.ts";
import { probeControlSocket } from "./agent-probe.ts";
import { attach } from "./attach.ts";
import { cachedDigest } from "./cached-digest.ts";
import { cloneVm } from "./clone.ts";
import { failureOf, spawnTart, tartCommand } from "./command.ts";
import { TART_LIMITS, type TartConfig, type TartLimits } from "./config.ts";
import { configureVm } from "./configure.ts";
import { deleteVm } from "./delete.ts";
import { childRuns, type RunLauncher } from "./launcher.ts";
import { parseAccessed, parseDetails, parseDigest, parseIp, parseListing, type Listing } from "./parse.ts";
import { makePullGate, makeQueue } from "./pull-gate.ts";
import { pullCancelled, pullImage } from "./pull.ts";
import { failed, ok } from "./result.ts";
import { readExecIsDead, readRunEnd } from "./run-end.ts";
import { findRun, startRun } from "./run.ts";
import type { AttachingTart, Tart, TartResult } from "./tart.ts";

const LIST_TRIES = 6;
const LIST_PAUSE_MS = 500;

export interface TartOptions {
  /** Name or path of the executable; "tart" from PATH or Homebrew's places by default. */
  path?: string | undefined;
  /** TART_HOME; ~/.tart by default. */
  tartHome?: string | undefined;
  /** The agent's own environment. */
  env: Readonly<Record<string, string | undefined>>;
  /** Of registries; found in `env` as tart does, and by asking AWS, by default. */
  credentials?: CredentialSource | undefined;
  limits?: Partial<TartLimits> | undefined;
  /** Who starts VMs; the agent itself by default. */
  launcher?: RunLauncher | undefined;
  /** Divides the pauses between tries. */
  pace?: number | undefined;
}

/** The tart of this host. */
export function makeTart(options: TartOptions): AttachingTart {
  const config: TartConfig = {
    // tart is started in "/": a path must not depend on where the agent was.
    path: options.path?.includes("/") ? resolve(options.path) : (options.path ?? "tart"),
    tartHome: resolve(options.tartHome ?? join(options.env["HOME"] ?? homedir(), ".tart")),
    env: options.env,
    credentials: options.credentials ?? makeCredentialSource(options.env),
    limits: { ...TART_LIMITS, ...options.limits },
    pace: options.pace ?? 1,
  };
  const { launcher = childRuns } = options;
  const gate = makePullGate();
  const inTurn = makeQueue();

  /** A command that collects garbage: it must not come between two tries of a pull. */
  const quick = async (
    args: readonly [string, ...string[]],
    limits: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<TartResult<string>> => {
    await gate.pass();
    return await tartCommand(config, args, { timeoutMs: config.limits.quick, ...limits });
  };

  const list = async (source: "local" | "oci"): Promise<TartResult<Listing>> => {
    for (let tried = 1; ; tried += 1) {
      const listed = await quick(["list", "--source", source, "--format", "json"]);
      if (listed.ok) return parseListing(listed.value);
      if (listed.failure.class !== "LIST_RACED" || tried === LIST_TRIES) return listed;
      await sleep(LIST_PAUSE_MS / config.pace);
    }
  };

  const listLocal: Tart["listLocal"] = async () => {
    const listed = await list("local");
    if (!listed.ok) return listed;
    return ok(listed.value.map(({ Name, State }) => ({ name: Name, state: State })));
  };

  const details = async (name: string) => {
    const got = await quick(["get", name, "--format", "json"]);
    return got.ok ? parseDetails(got.value) : got;
  };

  return {
    listLocal,
    async version() {
      const version = await quick(["--version"]);
      return version.ok ? ok(version.value.trim()) : version;
    },
    async listImages() {
      const listed = await list("oci");
      if (!listed.ok) return listed;
      return ok(
        await Promise.all(
          listed.value.map(async ({ Name, Size, Accessed }) => ({
            reference: Name,
            sizeGb: Number(Size ?? 0),
            digest: await cachedDigest(config.tartHome, Name),
            lastUsedAt: parseAccessed(Accessed),
          })),
        ),
      );
    },
    async os(name) {
      const got = await details(name);
      return got.ok ? ok(got.value.OS === "darwin" ? "macos" : "linux") : got;
    },
    async pull(image, { signal, ...options }) {
      const result = await inTurn(signal, () => pullImage(config, gate, image, { ...options, signal }));
      return result === "aborted" ? pullCancelled() : result;
    },
    async digest(image) {
      const fqn = await quick(["fqn", image]);
      return fqn.ok ? parseDigest(fqn.value) : fqn;
    },
    clone: (image, name, { signal }) => cloneVm(config, image, name, signal),
    configure: (name, size) => configureVm({ quick, details }, name, size),
    run: async (name, run) => {
      await gate.pass();
      return await startRun({ config, launcher }, name, run);
    },
    findRun: (name, known) => findRun({ config, launcher }, name, known),
    runExit: (name) => launcher.exitOf(name),
    forgetRun: (name) => launcher.forget(name),
    sweepRuns: (names) => launcher.sweep(names),
    runEnd: (logPath, exit) => readRunEnd(config, logPath, exit),
    async ip(name, { signal, resolver }) {
      const seconds = Math.ceil(config.limits.ip / 1000 / config.pace);
      const printed = await quick(
        ["ip", name, "--wait", String(seconds), ...(resolver ? ["--resolver", resolver] : [])],
        { signal, timeoutMs: config.limits.quick + config.limits.ip },
      );
      return printed.ok ? parseIp(printed.value) : printed;
    },
    async stop(name, { timeoutSeconds = 5 } = {}) {
      const stopped = await quick(["stop", "--timeout", String(timeoutSeconds), name], {
        timeoutMs: config.limits.stop,
      });
      return stopped.ok || stopped.failure.class === "NOT_RUNNING" ? ok() : stopped;
    },
    delete: (name) => deleteVm({ config, quick, listLocal }, name),
    async deleteImage(reference) {
      const deleted = await quick(["delete", reference]);
      return deleted.ok || deleted.failure.class === "NOT_FOUND" ? ok() : deleted;
    },
    async exec(name, argv, { stdin, timeoutSeconds, signal }) {
      await gate.pass();
      const ran = await spawnTart(config, ["exec", ...(stdin === undefined ? [] : ["-i"]), name, ...argv], {
        timeoutMs: timeoutSeconds * 1000,
        signal,
        stdin,
      });
      if (!ran.ok) return ran;
      const { exitCode, stdout, stderr } = ran.value;
      const suspicion = failureOf(config, { command: "exec", ...ran.value });
      return exitCode === null ? failed(suspicion) : ok({ exitCode, stdout, stderr, suspicion });
    },
    async attach(name, argv, signal) {
      await gate.pass();
      return attach(config, name, argv, signal);
    },
    probeAgent: (name, { signal }) =>
      probeControlSocket(join(config.tartHome, "vms", name, "control.sock"), signal),
    execIsDead: (logPath) => readExecIsDead(logPath),
  };
}
