import { readFileSync } from "node:fs";
import { mayNotBePlain, trustFor, type Trust } from "@tartfleet/tls";
import { CliError, messageOf, usageError } from "./cli-error.ts";
import { configPath, readConfig, type Config } from "./config.ts";
import { EXIT } from "./exit-codes.ts";

/** Where the control plane is and with which token to speak to it. */
export interface Connection {
  /** Without a slash at its end. */
  url: string;
  token: string;
  /** By what it is known that it is the control plane. */
  trust: Trust;
}

export interface ConnectionFlags {
  url?: string;
  token?: string;
  tokenFile?: string;
  caFile?: string;
  insecure?: true;
}

const DEFAULT_URL = "http://127.0.0.1:7337";
const HOW_TO_GIVE_A_TOKEN = [
  "Run `tartfleet login`, or give it with --token-file FILE or in TARTFLEET_TOKEN.",
];

/**
 * Flags before variables before the config file. The file's token goes to the file's URL alone, so that
 * another `--url` is never handed somebody else's token.
 */
export function resolveConnection(flags: ConnectionFlags, env: NodeJS.ProcessEnv): Connection {
  const path = configPath(env);
  const given = givenToken(flags, env);
  const givenUrl = flags.url ?? (env["TARTFLEET_URL"] || undefined);
  const config = given !== undefined && givenUrl !== undefined ? undefined : readConfig(path);
  const url = controlPlaneUrl(givenUrl ?? config?.url ?? DEFAULT_URL, urlOrigin(flags, env, config, path));
  const token = given ?? savedToken(config, url, path);
  const { caFile, insecure } = trustSettings(flags, env);
  // What was saved is for the saved URL, as the token is.
  const saved = config && isSavedFor(config, url, path) ? config : undefined;
  return makeConnection({
    url,
    token,
    caFile: caFile ?? saved?.caFile,
    insecure: insecure || saved?.insecure === true,
  });
}

/** The environment in which another `tartfleet` speaks to the same control plane as the same, without flags. */
export function environmentOf(flags: ConnectionFlags, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { url, token, tokenFile, caFile, insecure } = flags;
  const others = { ...env };
  if (token !== undefined || tokenFile !== undefined) {
    delete others["TARTFLEET_TOKEN"];
    delete others["TARTFLEET_TOKEN_FILE"];
  }
  return {
    ...others,
    ...(url === undefined ? {} : { TARTFLEET_URL: url }),
    ...(token === undefined ? {} : { TARTFLEET_TOKEN: token }),
    ...(tokenFile === undefined ? {} : { TARTFLEET_TOKEN_FILE: tokenFile }),
    ...(caFile === undefined ? {} : { TARTFLEET_CA_FILE: caFile }),
    ...(insecure ? { TARTFLEET_INSECURE: "1" } : {}),
  };
}

/** How a control plane is to be known, as the command line and the environment say. */
export function trustSettings(flags: ConnectionFlags, env: NodeJS.ProcessEnv) {
  return {
    caFile: flags.caFile ?? (env["TARTFLEET_CA_FILE"] || undefined),
    insecure: flags.insecure === true || ["1", "true"].includes(env["TARTFLEET_INSECURE"] ?? ""),
  };
}

interface ConnectionSettings {
  url: string;
  token: string;
  caFile: string | undefined;
  insecure: boolean;
}

/** @throws CliError when the token must not be sent there as it is */
export function makeConnection({ url, token, caFile, insecure }: ConnectionSettings): Connection {
  if (mayNotBePlain(url, insecure)) {
    throw usageError(`${url} is plain text: everyone on the way could read the token`, [
      "Say https://, or type --insecure (TARTFLEET_INSECURE=1) to allow it.",
    ]);
  }
  const ca = caFile === undefined ? undefined : readSetting(caFile, "--ca-file");
  const trust = trustFor({ url, token, ca, insecure });
  if ("refused" in trust) throw usageError(capitalized(trust.refused));
  return { url, token, trust };
}

/** @throws CliError that says which setting (`origin`) holds a URL that cannot be right */
export function controlPlaneUrl(text: string, origin: string): string {
  const url = URL.parse(text);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw usageError(`${origin} is not an http(s) URL`, [
      "It must be like https://tartfleet.example.com or http://127.0.0.1:7337.",
    ]);
  }
  if (url.username || url.password || url.search || url.hash) {
    throw usageError(`${origin} must not hold a user, a password, a query or a fragment`);
  }
  return url.href.replace(/\/+$/, "");
}

/** A token as it was read: without the line's end. Checked here, because fetch would quote a bad one. */
export function tidyToken(text: string, origin: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]{1,8192}$/.test(token)) return token;
  throw usageError(
    token === ""
      ? `${origin} is empty`
      : `${origin} is not a token: it must be one word of printable ASCII characters`,
  );
}

function givenToken(flags: ConnectionFlags, env: NodeJS.ProcessEnv): string | undefined {
  if (flags.token !== undefined && flags.tokenFile !== undefined) {
    throw usageError("--token and --token-file cannot be given together");
  }
  if (flags.token !== undefined) return tidyToken(flags.token, "--token");
  if (flags.tokenFile !== undefined) return tokenFromFile(flags.tokenFile, "--token-file");
  if (env["TARTFLEET_TOKEN"]) return tidyToken(env["TARTFLEET_TOKEN"], "TARTFLEET_TOKEN");
  if (env["TARTFLEET_TOKEN_FILE"]) {
    return tokenFromFile(env["TARTFLEET_TOKEN_FILE"], "TARTFLEET_TOKEN_FILE");
  }
  return undefined;
}

function tokenFromFile(path: string, origin: string): string {
  return tidyToken(readSetting(path, origin), `${origin} (${path})`);
}

function readSetting(path: string, origin: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw usageError(`${origin} cannot be read: ${messageOf(error)}`);
  }
}

function savedToken(config: Config | undefined, url: string, path: string): string {
  if (config?.token === undefined) {
    throw new CliError(EXIT.refused, `No token is known for ${url}`, {
      code: "no_token",
      advice: HOW_TO_GIVE_A_TOKEN,
    });
  }
  if (!isSavedFor(config, url, path)) {
    const savedFor = config.url ?? DEFAULT_URL;
    throw new CliError(EXIT.refused, `No token is known for ${url}; the saved one is for ${savedFor}`, {
      code: "no_token",
      advice: HOW_TO_GIVE_A_TOKEN,
    });
  }
  return tidyToken(config.token, `token in ${path}`);
}

function isSavedFor(config: Config, url: string, path: string): boolean {
  return controlPlaneUrl(config.url ?? DEFAULT_URL, `url in ${path}`) === url;
}

function capitalized(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

function urlOrigin(
  flags: ConnectionFlags,
  env: NodeJS.ProcessEnv,
  config: Config | undefined,
  path: string,
): string {
  if (flags.url !== undefined) return "--url";
  if (env["TARTFLEET_URL"]) return "TARTFLEET_URL";
  return config?.url === undefined ? "the default URL" : `url in ${path}`;
}
