import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Call, CommandEnd } from "../command.ts";
import { AgentStop } from "../process/exit.ts";
import { install } from "./install.ts";
import { AGENT_ENV, HOST_ENV } from "./layout.ts";
import { realMac, type Mac } from "./mac.ts";
import { readInstall, readUninstall, withoutHostFacts } from "./options.ts";
import { uninstall } from "./uninstall.ts";

/** `tartfleet-agent install`: makes this Mac a host, as root. */
export async function runInstall({ argv, env, version, say }: Call): Promise<CommandEnd> {
  const [agentEnv, hostEnv] = await Promise.all([textOf(AGENT_ENV), textOf(HOST_ENV)]);
  const read = readInstall(argv, withoutHostFacts(env, agentEnv, hostEnv), version);
  if (read.kind !== "settings") return read;
  const { settings: options } = read;
  const [, program = ""] = process.argv;
  return done(await install({ mac: macOf(options.root, env), options, program, say }));
}

/** `tartfleet-agent uninstall`: puts this Mac back as it was, as root. */
export async function runUninstall({ argv, env, version, say }: Call): Promise<CommandEnd> {
  const read = readUninstall(argv, env, version);
  if (read.kind !== "settings") return read;
  const { settings: options } = read;
  return done(await uninstall({ mac: macOf(options.root, env), options, say }));
}

/** @throws AgentStop when this process may not change it */
function macOf(root: string | undefined, env: Call["env"]): Mac {
  if (root === undefined && process.geteuid?.() !== 0) {
    throw new AgentStop("notRoot", "only root may set a Mac up; say sudo before it");
  }
  return realMac(root === undefined ? "" : resolve(root).replace(/\/$/, ""), env);
}

function done(lines: readonly string[]): CommandEnd {
  return { kind: "done", text: `${lines.join("\n")}\n`, exitCode: 0 };
}

/** "" when there is none. */
const textOf = (path: string) => readFile(path, "utf8").catch(() => "");
