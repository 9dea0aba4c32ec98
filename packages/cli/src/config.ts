import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { CliError, messageOf, systemCodeOf } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";

const configSchema = z.strictObject({
  url: z.string().optional(),
  token: z.string().optional(),
  caFile: z.string().optional(),
  insecure: z.boolean().optional(),
});
/** What `tartfleet login` keeps. */
export type Config = z.infer<typeof configSchema>;

/** `~/.config/tartfleet/config.json`, or under `XDG_CONFIG_HOME` where that is an absolute path. */
export function configPath(env: NodeJS.ProcessEnv): string {
  const xdg = env["XDG_CONFIG_HOME"];
  const base = xdg?.startsWith("/") ? xdg : join(env["HOME"] || homedir(), ".config");
  return join(base, "tartfleet", "config.json");
}

/**
 * @returns undefined when there is no such file
 * @throws CliError when others may read or write it, or when it is not a valid configuration
 */
export function readConfig(path: string): Config | undefined {
  const text = readOwnFile(path);
  if (text === undefined) return undefined;
  const parsed = configSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw configError(`${path} is not a valid configuration`, [
    `It must be like {"url": "https://tartfleet.example.com", "token": "..."}; \`tartfleet login\` writes it anew.`,
  ]);
}

/** Replaces the file in one step; nobody but its owner can read it at any time. */
export function writeConfig(path: string, config: Config): void {
  const next = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    rmSync(next, { force: true });
    writeFileSync(next, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    chmodSync(next, 0o600);
    renameSync(next, path);
  } catch (error) {
    rmSync(next, { force: true });
    throw configError(`${path} cannot be written: ${messageOf(error)}`, []);
  }
}

function readOwnFile(path: string): string | undefined {
  try {
    const { mode } = statSync(path);
    if ((mode & 0o077) !== 0) {
      throw configError(
        `${path} holds a token, but others may access it (mode ${(mode & 0o777).toString(8).padStart(4, "0")})`,
        [
          `Run: chmod 600 '${path.replaceAll("'", `'\\''`)}'`,
          "If others had a chance to read it, revoke that token.",
        ],
      );
    }
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof CliError) throw error;
    const code = systemCodeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw configError(`${path} cannot be read: ${messageOf(error)}`, []);
  }
}

/** Not JSON.parse's own message: it quotes the text, which may hold the token. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function configError(message: string, advice: readonly string[]): CliError {
  return new CliError(EXIT.usage, message, { code: "bad_config", advice });
}
