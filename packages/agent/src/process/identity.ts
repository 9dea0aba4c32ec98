import { execa } from "execa";
import { readFile } from "node:fs/promises";
import { hostname, release } from "node:os";
import { AgentStop } from "./exit.ts";

/** A host's name made from its hostname: lower-case letters, digits and inner hyphens. */
export function nameFrom(hostname: string): string {
  const [first = ""] = hostname.toLowerCase().split(".");
  const name = first
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, "");
  return name === "" ? "host" : name;
}

export function defaultName(): string {
  return nameFrom(hostname());
}

const PLATFORM_UUID = /"IOPlatformUUID" = "([0-9A-Fa-f-]{8,})"/;

/**
 * What tells this machine from all others, however its disk was copied.
 *
 * @throws AgentStop when the system does not tell
 */
export async function machineId(): Promise<string> {
  const id =
    process.platform === "darwin"
      ? PLATFORM_UUID.exec(await outputOf("ioreg", ["-rd1", "-c", "IOPlatformExpertDevice"]))?.[1]
      : (await readFile("/etc/machine-id", "utf8").catch(() => "")).trim();
  if (id && /^[A-Za-z0-9-]{8,128}$/.test(id)) return id;
  throw new AgentStop("settings", "this machine has no id of its own to be told by; give --machine-id");
}

/** The version of the host's macOS; of the kernel elsewhere. */
export async function osVersion(): Promise<string> {
  if (process.platform !== "darwin") return release().slice(0, 64);
  return (await outputOf("sw_vers", ["-productVersion"])).trim().slice(0, 64) || "unknown";
}

async function outputOf(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execa(program, args, { reject: false, timeout: 10_000 });
  return stdout ?? "";
}
