import { isIPv6 } from "node:net";
import { readSettings as read, type ReadSettings } from "@tartfleet/settings";
import { z } from "zod";
import { SETTINGS } from "./settings.ts";
import type { ListenAddress, Settings } from "./settings.ts";

/** The settings once the control plane has its address: every value is known. Durations carry their unit. */
export type Config = Omit<Settings, "publicUrl"> & {
  /** What VMs and agents are told; without a slash at the end. */
  publicUrl: string;
};

const isWildcard = (host: string) => host === "0.0.0.0" || /^[0:]+$/.test(host);

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
      lists: ["trustedProxy"],
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
  if (settings.publicUrl === undefined && isWildcard(settings.listen.host)) {
    mistakes.push(
      "--public-url: is needed when --listen takes every address; VMs and agents must be told one",
    );
  }
  return mistakes;
}

/**
 * Completes the settings when the address is known.
 *
 * @param port the port that is really listened on
 */
export function completeConfig(settings: Settings, port: number): Config {
  return { ...settings, publicUrl: settings.publicUrl ?? urlOf({ host: settings.listen.host, port }) };
}

/** `http://host:port` of a listening address. */
export function urlOf({ host, port }: ListenAddress): string {
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
