import { Secret } from "@tartfleet/shared";
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { SshLogin } from "../guest/index.ts";
import type { Settings } from "./settings.ts";

/** What the settings only name. */
export interface SettingsFiles {
  enrolmentToken: Secret | undefined;
  /** Authorities in PEM. */
  ca: string | undefined;
  ssh: SshLogin;
}

/** The published images' own (tart-contract §7). */
const DEFAULT_PASSWORD = "admin";

/** Reads the files that the settings name; every one that cannot be read is a mistake. */
export async function readSettingsFiles(
  settings: Settings,
): Promise<{ files: SettingsFiles; mistakes: string[] }> {
  const mistakes: string[] = [];
  const read = async (flag: string, path: string | undefined): Promise<string | undefined> => {
    if (path === undefined) return undefined;
    try {
      const text = (await readFile(path, "utf8")).trim();
      if (text !== "") return text;
      mistakes.push(`${flag}: ${path} is empty`);
    } catch (error) {
      mistakes.push(`${flag}: cannot be read (${error instanceof Error ? error.message : String(error)})`);
    }
    return undefined;
  };
  const token = await read("--enrolment-token-file", settings.enrolmentTokenFile);
  if (token !== undefined && !/^[\x21-\x7e]{1,1024}$/.test(token)) {
    mistakes.push("--enrolment-token-file: must hold one printable word");
  }
  const ca = await read("--ca-file", settings.caFile);
  if (ca !== undefined && !isPem(ca)) mistakes.push("--ca-file: must hold a certificate in PEM");
  const password = await read("--ssh-password-file", settings.sshPasswordFile);
  const privateKey = await read("--ssh-key", settings.sshKey);
  const loginPassword = password ?? (privateKey === undefined ? DEFAULT_PASSWORD : undefined);
  return {
    mistakes,
    files: {
      enrolmentToken: token === undefined ? settings.enrolmentToken : new Secret(token),
      ca,
      ssh: {
        username: settings.sshUser,
        port: settings.sshPort,
        password: loginPassword === undefined ? undefined : new Secret(loginPassword),
        // OpenSSH's form ends with a newline, which trimming took away.
        privateKey: privateKey === undefined ? undefined : new Secret(`${privateKey}\n`),
      },
    },
  };
}

function isPem(text: string): boolean {
  try {
    return new X509Certificate(text).subject !== undefined;
  } catch {
    return false;
  }
}
