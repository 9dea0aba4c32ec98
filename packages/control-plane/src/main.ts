#!/usr/bin/env node
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isLoopback } from "@tartfleet/tls";
import { exitLogged, openStdoutLog, type Logger } from "@tartfleet/log";
import { collectDefaultMetrics } from "prom-client";
import packageJson from "../package.json" with { type: "json" };
import { completeConfig, listeningUrl, readSettings, shown, tlsOf } from "./config/config.ts";
import type { Settings } from "./config/settings.ts";
import { runDb } from "./db/main.ts";
import { systemClock, type Clock } from "./engine/clock.ts";
import { openControlPlane } from "./engine/data-directory.ts";
import type { Integrate } from "./engine/integration.ts";
import { LIMITS, limitsOf } from "./http/limits.ts";
import { openListener } from "./http/listener.ts";
import type { Listener } from "./http/listener.ts";
import { serve } from "./http/server.ts";
import { CiConfigError } from "./integrations/config-file.ts";
import { openSystems } from "./integrations/systems.ts";
import { OidcConfigError, readOidcConfig } from "./oidc/config.ts";
import { makeOidc, type Oidc } from "./oidc/oidc.ts";
import { DatabaseUnusableError } from "./store/faults.ts";
import { CertificateError } from "./tls/certificate.ts";
import { startTls, type StartedTls } from "./tls/start.ts";
import { endpointOf } from "./tracing/endpoint.ts";
import type { Tracing } from "./tracing/otlp.ts";

const PROGRAM = "tartfleet-control-plane";
/** sysexits.h: something about the configuration, a bug, or a disk that cannot be relied on. */
const EX_CONFIG = 78;
const EX_SOFTWARE = 70;
const EX_IOERR = 74;

/** A start that cannot be; the message says what to change. */
class StartError extends Error {}

async function main(): Promise<void> {
  const [first, ...rest] = process.argv.slice(2);
  const read =
    first === "db"
      ? await runDb(rest, process.env, packageJson.version)
      : readSettings(process.argv.slice(2), process.env, packageJson.version);
  switch (read.kind) {
    case "done":
      process.stdout.write(read.text);
      process.exitCode = read.isWhole ? 0 : 1;
      return;
    case "text":
      process.stdout.write(read.text);
      return;
    case "mistakes":
      throw new StartError(
        `cannot ${first === "db" ? "do that" : "start"} with these settings:\n  ${read.mistakes.join("\n  ")}`,
      );
    case "settings":
      await start(read.settings);
      return;
    default:
      read satisfies never;
  }
}

async function start(settings: Settings): Promise<void> {
  const log = openStdoutLog({ level: settings.logLevel });
  const clock = systemClock();
  const oidc = openOidc(settings, clock, log);
  const integrate = await openCiSystems(settings, log);
  const listener = await listen(settings);
  const config = completeConfig(settings, listener.port);
  const onFatal = failWith(log);
  process.on("uncaughtException", onFatal);
  process.on("unhandledRejection", onFatal);

  let tls: StartedTls | undefined;
  const tracing = await openTracing(process.env, log);
  const controlPlane = await openControlPlane(settings.dataDir, {
    config,
    tracer: tracing,
    integrate,
    clock,
    onFatal,
    log,
    secretsKeyCommand: settings.secretsKeyCommand,
    async identify() {
      tls = await startTls(config, { listener, log, now: clock.now });
      return tls.identity;
    },
  });
  const { useCases, registry, takeWebhook, adminTokenPath, storage } = controlPlane;
  collectDefaultMetrics({ register: registry });
  tracing?.measure(registry);
  const http = await serve(listener, {
    useCases,
    registry,
    takeWebhook,
    storage,
    oidc,
    log,
    clock,
    limits: limitsOf(settings),
    version: packageJson.version,
    dashboard: settings.dashboard ?? builtDashboard(),
    trustedProxies: settings.trustedProxy,
  });

  process.on("SIGHUP", () => void tls?.reload().catch(onFatal));

  let stopping = false;
  for (const [signal, number] of [["SIGTERM", 15] as const, ["SIGINT", 2] as const]) {
    process.on(signal, () => {
      if (stopping) process.exit(128 + number);
      stopping = true;
      log.info({ signal }, "stopping; VMs go on");
      http
        .close()
        .then(async () => {
          controlPlane.close();
          await tracing?.stop();
          log.info("stopped");
          exitLogged(log, 0);
        })
        .catch(onFatal);
    });
  }

  if (tlsOf(settings) === "none" && !isLoopback(settings.listen.host)) {
    log.warn("plain text is spoken off loopback: everyone on the way can read tokens and secrets");
  }
  log.info(
    {
      url: listeningUrl(settings, listener.port),
      publicUrl: config.publicUrl,
      tls: tlsOf(settings),
      ...(tls?.identity.pin === undefined ? {} : { pin: tls.identity.pin }),
      dataDir: settings.dataDir,
      version: packageJson.version,
      ...(existsSync(adminTokenPath) ? { adminTokenFile: adminTokenPath } : {}),
    },
    "listening",
  );
}

/** Where the workspace builds the dashboard; undefined when it has not. */
function builtDashboard(): string | undefined {
  const folder = fileURLToPath(new URL("../../dashboard/dist", import.meta.url));
  return existsSync(join(folder, "index.html")) ? folder : undefined;
}

function openOidc({ oidcConfig }: Settings, clock: Clock, log: Logger): Oidc | undefined {
  if (oidcConfig === undefined) return undefined;
  try {
    return makeOidc(readOidcConfig(oidcConfig), clock, log);
  } catch (error) {
    if (!(error instanceof OidcConfigError)) throw error;
    throw new StartError(`cannot start with this --oidc-config:\n  ${error.mistakes.join("\n  ")}`);
  }
}

async function openCiSystems(settings: Settings, log: Logger): Promise<Integrate | undefined> {
  try {
    return await openSystems(settings, log);
  } catch (error) {
    if (!(error instanceof CiConfigError)) throw error;
    throw new StartError(`cannot start with these CI systems:\n  ${error.mistakes.join("\n  ")}`);
  }
}

/** What it needs is loaded only where traces are sent. */
async function openTracing(env: NodeJS.ProcessEnv, log: Logger): Promise<Tracing | undefined> {
  const url = collectorIn(env);
  if (url === undefined) return undefined;
  const { startTracing } = await import("./tracing/otlp.ts");
  log.info({ collector: new URL(url).origin }, "traces are sent");
  return startTracing(url, { log, version: packageJson.version });
}

function collectorIn(env: NodeJS.ProcessEnv): string | undefined {
  try {
    return endpointOf(env);
  } catch {
    throw new StartError("OTEL_EXPORTER_OTLP_ENDPOINT must be a URL like http://collector:4318");
  }
}

/** What nobody expected: half a state in memory must not go on; the next start rebuilds it from the database. */
function failWith(log: Logger): (error: unknown) => void {
  return (error) => {
    log.fatal({ err: error }, "cannot go on");
    process.exit(error instanceof DatabaseUnusableError ? EX_IOERR : EX_SOFTWARE);
  };
}

async function listen(settings: Settings): Promise<Listener> {
  const address = settings.listen;
  try {
    return await openListener(address, LIMITS, tlsOf(settings) !== "none");
  } catch (error) {
    const taken = shown(address);
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    throw new StartError(
      isTaken
        ? `${taken} is in use; stop what uses it, or give another --listen`
        : `cannot listen on ${taken}: ${messageOf(error)}; give another --listen`,
    );
  }
}

main().catch((error: unknown) => {
  const isExpected = [StartError, DatabaseUnusableError, CertificateError].some(
    (kind) => error instanceof kind,
  );
  console.error(isExpected ? `${PROGRAM}: ${messageOf(error)}` : error);
  process.exit(isExpected ? EX_CONFIG : EX_SOFTWARE);
});

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
