import { Secret } from "@tartfleet/shared";
import { execa } from "execa";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { fullPath } from "../tart/config.ts";
import { fetchEcrToken } from "./ecr/fetch-token.ts";
import { ecrHost } from "./ecr/host.ts";
import { makeEcrTokens, type EcrTokens } from "./ecr/tokens.ts";
import type { EcrTrouble } from "./ecr/trouble.ts";

export interface Credentials {
  username: string;
  password: Secret;
}

/** What was found for a registry, and what kept others from being found; no problem names a secret. */
export interface Found {
  credentials: Credentials | undefined;
  problems: readonly string[];
  isFromAws?: boolean;
  /** Why AWS gives none for one of its registries. */
  trouble?: EcrTrouble;
}

/** Where credentials for registries come from. */
export interface CredentialSource {
  /** @throws the signal's reason */
  find(registry: string, signal: AbortSignal): Promise<Found>;
  /**
   * The registry did not take these.
   *
   * @returns whether `find` may now bring others
   */
  refused(registry: string, credentials: Credentials): boolean;
}

type Env = Readonly<Record<string, string | undefined>>;

const HELPER_MS = 5000;

/**
 * Credentials as tart itself looks for them, first hit wins (tart-contract §5.5): the pair in the environment,
 * then Docker's configuration and its helpers; and where those have none for a registry of Amazon's, a token from
 * AWS. The keychain, in which `tart login` keeps what it is told, is not looked into: only tart may read that entry
 * without a dialog on the Mac's screen.
 *
 * @param env the agent's own environment; what AWS's SDK reads is always that of this process
 */
export function makeCredentialSource(
  env: Env,
  tokens: EcrTokens = makeEcrTokens(fetchEcrToken),
): CredentialSource {
  return {
    async find(registry, signal) {
      const found = await findLikeTart(env, registry, signal);
      const host = ecrHost(registry);
      if (found.credentials || !host) return found;
      const token = await orAborted(tokens.get(registry, host), signal);
      if (!("trouble" in token)) return { credentials: token, problems: [], isFromAws: true };
      const { trouble } = token;
      return { credentials: undefined, problems: [...found.problems, trouble.message], trouble };
    },
    refused: (registry, credentials) => tokens.forget(registry, credentials),
  };
}

async function findLikeTart(env: Env, registry: string, signal: AbortSignal): Promise<Found> {
  const pair = fromEnvironment(env, registry);
  if (pair) return { credentials: pair, problems: [] };
  try {
    return { credentials: await fromDocker(env, registry, signal), problems: [] };
  } catch (error) {
    if (!(error instanceof NotFoundOut)) throw error;
    return { credentials: undefined, problems: [error.message] };
  }
}

/** Others may wait for the same promise: only this waiting ends. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** How tart is handed credentials for one registry: in the environment of the one command, and nowhere else. */
export function tartLogin(registry: string, { username, password }: Credentials): Record<string, string> {
  return {
    TART_REGISTRY_HOSTNAME: registry,
    TART_REGISTRY_USERNAME: username,
    TART_REGISTRY_PASSWORD: password.reveal(),
  };
}

/** What a source that cannot answer says. */
class NotFoundOut extends Error {}

function fromEnvironment(env: Env, registry: string): Credentials | undefined {
  const only = env["TART_REGISTRY_HOSTNAME"];
  const [username, password] = [env["TART_REGISTRY_USERNAME"], env["TART_REGISTRY_PASSWORD"]];
  if (only !== undefined && only !== registry) return undefined;
  return username === undefined || password === undefined
    ? undefined
    : { username, password: new Secret(password) };
}

const dockerSchema = z.object({
  auths: z.record(z.string(), z.object({ auth: z.string().optional() })).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
});

async function fromDocker(env: Env, registry: string, signal: AbortSignal): Promise<Credentials | undefined> {
  const path = join(env["HOME"] ?? homedir(), ".docker", "config.json");
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const config = parsed(dockerSchema, text, `${path} is not Docker's configuration`);
  const [username, password, ...rest] = Buffer.from(config.auths?.[registry]?.auth ?? "", "base64")
    .toString()
    .split(":");
  // tart does not understand a password with a colon either.
  if (username && password !== undefined && rest.length === 0)
    return { username, password: new Secret(password) };
  const helper = Object.entries(config.credHelpers ?? {}).find(
    ([key]) => key === registry || matchesWhole(key, registry),
  );
  return helper && askHelper(`docker-credential-${helper[1]}`, registry, env, signal);
}

function matchesWhole(pattern: string, registry: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(registry);
  } catch {
    return false;
  }
}

const answerSchema = z.object({ Username: z.string(), Secret: z.string() });

/** The helper is given the registry on stdin, and answers on stdout: nothing of it stands in an argv. */
async function askHelper(
  program: string,
  registry: string,
  env: Env,
  signal: AbortSignal,
): Promise<Credentials> {
  const own = Object.entries(env).filter(([name]) => !name.startsWith("TARTFLEET_"));
  const asked = await execa(program, ["get"], {
    input: `${registry}\n`,
    env: { ...Object.fromEntries(own), PATH: fullPath(env["PATH"]) },
    extendEnv: false,
    reject: false,
    stderr: "ignore",
    timeout: HELPER_MS,
    cancelSignal: signal,
  });
  if (asked.code === "ENOENT") throw new NotFoundOut(`${program} is not in PATH`);
  if (asked.exitCode !== 0)
    throw new NotFoundOut(`${program} failed (exit code ${asked.exitCode ?? "none"})`);
  const { Username, Secret: password } = parsed(
    answerSchema,
    asked.stdout,
    `${program} answered something that is not understood`,
  );
  return { username: Username, password: new Secret(password) };
}

function parsed<T>(schema: z.ZodType<T>, text: string, otherwise: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new NotFoundOut(otherwise);
  }
}
