import { isIPv6 } from "node:net";
import { readSettings as read, type ReadSettings } from "@tartfleet/settings";
import { isLoopback, mayNotBePlain } from "@tartfleet/tls";
import { z } from "zod";
import { SETTINGS } from "./settings.ts";
import type { ListenAddress, Settings } from "./settings.ts";

/** The settings once the control plane has its address: every value is known. Durations carry their unit. */
export type Config = Omit<Settings, "publicUrl"> & {
  /** What VMs and agents are told; without a slash at the end. */
  publicUrl: string;
};

/** `0.0.0.0`, `::`: every address, and none that can be told to others. */
export const isWildcard = (host: string): boolean => host === "0.0.0.0" || /^[0:]+$/.test(host);

/** The control plane's settings, from its command line and environment. */
export function readSettings(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  version: string,
): ReadSettings<Settings> {
  return read(
    {
      name: "tartfleet-control-plane",
      description: "The control plane of a tartfleet. `db --help` shows the commands for its database.",
      version,
      table: SETTINGS,
      secrets: z.object({}),
      switches: ["tlsSelfSigned", "insecure", "webhookAllowPrivate"],
      lists: ["trustedProxy", "accountLabel"],
      contradictions,
    },
    argv,
    env,
  );
}

/** What is wrong only when several settings are seen together. */
function contradictions(settings: Settings): string[] {
  const mistakes = [];
  if (settings.leaseSeconds < 2 * settings.heartbeatSeconds) {
    mistakes.push(
      "--lease-seconds: must be at least twice --heartbeat-seconds, or one lost beat cuts a host off",
    );
  }
  if (settings.pruneBelowPercent > settings.pruneUntilPercent) {
    mistakes.push("--prune-until-percent: must not be less than --prune-below-percent");
  }
  if (settings.publicUrl === undefined && isWildcard(settings.listen.host)) {
    mistakes.push(
      "--public-url: is needed when --listen takes every address; VMs and agents must be told one",
    );
  }
  mistakes.push(...tlsContradictions(settings));
  return mistakes;
}

function tlsContradictions(settings: Settings): string[] {
  const { tlsCertificate, tlsKey, tlsSelfSigned, insecure, publicUrl } = settings;
  const mistakes = [];
  const hasFiles = tlsCertificate !== undefined || tlsKey !== undefined;
  if (hasFiles && (tlsCertificate === undefined || tlsKey === undefined)) {
    mistakes.push("--tls-certificate, --tls-key: give both, or neither");
  }
  if (hasFiles && tlsSelfSigned) mistakes.push("--tls-self-signed: give it or --tls-certificate, not both");
  if (insecure && (hasFiles || tlsSelfSigned)) mistakes.push("--insecure: cannot be given with TLS");
  if (publicUrl?.startsWith("http:") && !insecure) {
    if (tlsOf(settings) !== "none") {
      mistakes.push(
        "--public-url: must begin with https://, for TLS is served; or type --insecure to serve plain text",
      );
    } else if (mayNotBePlain(publicUrl, insecure)) {
      mistakes.push(
        "--public-url: plain http:// would show tokens and secrets to everyone on the way; say https://, or type --insecure",
      );
    }
  }
  return mistakes;
}

/** What is served: plain text, which stays on this machine unless --insecure was typed, or TLS with whose certificate. */
export function tlsOf({
  listen,
  tlsCertificate,
  tlsSelfSigned,
  insecure,
}: Pick<Settings, "listen" | "tlsCertificate" | "tlsSelfSigned" | "insecure">):
  | "none"
  | "files"
  | "self-signed" {
  if (tlsCertificate !== undefined) return "files";
  if (tlsSelfSigned) return "self-signed";
  return insecure || isLoopback(listen.host) ? "none" : "self-signed";
}

/**
 * Completes the settings when the address is known.
 *
 * @param port the port that is really listened on
 */
export function completeConfig(settings: Settings, port: number): Config {
  return { ...settings, publicUrl: settings.publicUrl ?? listeningUrl(settings, port) };
}

/** The URL of what is listened on, at the port that it really is. */
export function listeningUrl(settings: Settings, port: number): string {
  const scheme = tlsOf(settings) === "none" ? "http" : "https";
  return `${scheme}://${shown({ host: settings.listen.host, port })}`;
}

/** `host:port` as it stands in a URL. */
export function shown({ host, port }: ListenAddress): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
