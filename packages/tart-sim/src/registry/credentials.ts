import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { readJsonFile } from "../host/host-config.ts";
import { isRecord } from "../host/shape.ts";
import type { Sim } from "../sim.ts";

export interface Credentials {
  username: string;
  password: string;
}

type Provider = readonly [name: string, find: (sim: Sim, host: string) => Credentials | undefined];

/** In this order, first hit wins (tart-contract §5.5). */
const providers: readonly Provider[] = [
  ["environment variable credentials provider", fromEnvironment],
  ["Docker configuration credentials provider", fromDockerConfig],
  ["Keychain credentials provider", fromKeychain],
];

/** Where the simulated login keychain keeps what `tart login` wrote. */
export const keychainFile = (hostDir: string): string => join(hostDir, "keychain.json");

/** What a provider that cannot answer says. */
class ProviderFailure extends Error {}

/** Credentials for a registry; providers that fail are reported on stdout and skipped. */
export function findCredentials(sim: Sim, host: string): Credentials | undefined {
  for (const [name, find] of providers) {
    try {
      const found = find(sim, host);
      if (found !== undefined) return found;
    } catch (error) {
      if (!(error instanceof ProviderFailure)) throw error;
      sim.say(
        `Failed to retrieve credentials using ${name}, authentication may fail: Failed(message: "${error.message}")`,
      );
    }
  }
  return undefined;
}

function fromEnvironment({ env }: Sim, host: string): Credentials | undefined {
  const only = env["TART_REGISTRY_HOSTNAME"];
  if (only !== undefined && only !== host) return undefined;
  const [username, password] = [env["TART_REGISTRY_USERNAME"], env["TART_REGISTRY_PASSWORD"]];
  return username === undefined || password === undefined ? undefined : { username, password };
}

function fromDockerConfig({ env }: Sim, host: string): Credentials | undefined {
  const config = readJsonFile(join(env["HOME"] ?? "/", ".docker/config.json"));
  if (!isRecord(config)) return undefined;
  const auths = isRecord(config["auths"]) ? config["auths"][host] : undefined;
  if (isRecord(auths) && typeof auths["auth"] === "string") {
    const parts = Buffer.from(auths["auth"], "base64").toString().split(":");
    const [username, password] = parts;
    // A password with a colon is not understood (§5.5).
    if (parts.length === 2 && username !== undefined && password !== undefined) return { username, password };
  }
  const helpers = isRecord(config["credHelpers"]) ? Object.entries(config["credHelpers"]) : [];
  const helper = helpers.find(([key]) => key === host || matchesWhole(key, host))?.[1];
  return typeof helper === "string" ? askHelper(`docker-credential-${helper}`, host, env) : undefined;
}

function matchesWhole(pattern: string, host: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(host);
  } catch {
    return false;
  }
}

function askHelper(program: string, host: string, env: NodeJS.ProcessEnv): Credentials {
  const { error, status, stdout } = spawnSync(program, ["get"], {
    input: `${host}\n`,
    encoding: "utf8",
    env,
  });
  if (error !== undefined) throw new ProviderFailure(`${program} not found in PATH`);
  if (status !== 0) throw new ProviderFailure("Docker helper failed!");
  const answer: unknown = JSON.parse(stdout);
  if (!isRecord(answer) || typeof answer["Username"] !== "string" || typeof answer["Secret"] !== "string")
    throw new ProviderFailure("Docker helper failed!");
  return { username: answer["Username"], password: answer["Secret"] };
}

function fromKeychain(sim: Sim, host: string): Credentials | undefined {
  if (sim.host.keychain === "locked" || sim.faults.has("keychain-credentials"))
    throw new ProviderFailure("Keychain returned unsuccessful status -25308");
  const stored = readJsonFile(keychainFile(sim.hostDir));
  const entry = isRecord(stored) ? stored[host] : undefined;
  return isRecord(entry)
    ? { username: String(entry["username"]), password: String(entry["password"]) }
    : undefined;
}
