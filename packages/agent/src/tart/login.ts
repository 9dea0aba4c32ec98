import { imageParts } from "@tartfleet/shared";
import { tartLogin, type Found } from "../registry/credentials.ts";
import { deniedBy } from "../registry/ecr/trouble.ts";
import type { TartConfig } from "./config.ts";
import type { TartFailure } from "./tart.ts";

/** What one command that fetches an image is to be run with. */
export interface Login {
  /** With the registry's credentials in its environment, which `redact` then takes out of what is printed. */
  config: TartConfig;
  /** The registry did not take them; true when others may be had by another login. */
  refused(): boolean;
  /** The failure of the command, as what is known of the login explains it. */
  explain(failure: TartFailure): TartFailure;
}

/**
 * Looks for credentials for the image's registry. tart asks anonymously first, so that they never keep a public
 * image from being fetched; where none are found it looks by itself, also in the keychain. Never rejects.
 */
export async function logIn(config: TartConfig, image: string, signal: AbortSignal): Promise<Login> {
  const [registry = ""] = imageParts(image)?.repository.split("/") ?? [];
  const found = await config.credentials.find(registry, signal).catch((): Found => NONE);
  const { credentials } = found;
  return {
    config: credentials ? { ...config, env: { ...config.env, ...tartLogin(registry, credentials) } } : config,
    refused: () => credentials !== undefined && config.credentials.refused(registry, credentials),
    explain: (failure) => explained(failure, found),
  };
}

const NONE: Found = { credentials: undefined, problems: [] };

const TOKEN_REFUSED =
  "The registry refuses the token that AWS has only just given for it. Look at the account and the region in the image's name, and at the policy of its repository.";

function explained(failure: TartFailure, { problems, trouble, isFromAws }: Found): TartFailure {
  if (failure.class !== "AUTH") return failure;
  const said = (message: string): string => `tart ${failure.command} failed. ${message}`;
  if (trouble) {
    const { code, meaning, message } = trouble;
    const isAway = meaning === "registry_unreachable";
    return { ...failure, class: isAway ? "NET" : "AUTH", message: said(message), cause: code };
  }
  const denied = deniedBy(failure.output);
  if (denied !== undefined) return { ...failure, message: said(`${denied}.`), cause: "aws_access_denied" };
  if (isFromAws) return { ...failure, message: said(TOKEN_REFUSED), cause: "aws_token_refused" };
  if (problems.length === 0) return failure;
  return { ...failure, message: `${failure.message} ${problems.join("; ")}.` };
}
