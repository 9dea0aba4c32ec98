import { execa } from "execa";
import { access, rm } from "node:fs/promises";
import { BundleError } from "./bundle-error.ts";

/** What the signature is for: one that was made for something else is not taken. */
const NAMESPACE = "tartfleet-agent";

/** @throws BundleError when there is no such key */
export async function assertKey(key: string): Promise<void> {
  try {
    await access(key);
  } catch {
    throw new BundleError(
      "key_missing",
      `there is no key ${key}`,
      `Make one: ssh-keygen -t ed25519 -C releases@example.com -f '${key.replaceAll("'", `'\\''`)}'`,
    );
  }
}

/** Signs a file by an OpenSSH key, or by the agent that holds the private part of it; writes FILE.sig. */
export async function sign(file: string, key: string): Promise<void> {
  await rm(`${file}.sig`, { force: true });
  const argv = ["-Y", "sign", "-n", NAMESPACE, "-f", key, file];
  // A key with a passphrase: ssh-keygen asks for it on the terminal.
  const { exitCode, stderr, message } = await execa("ssh-keygen", argv, { stdin: "inherit", reject: false });
  if (exitCode === 0) return;
  throw new BundleError(
    "not_signed",
    `ssh-keygen did not sign ${file}: ${stderr || message}`,
    "Give an OpenSSH key that you can use; ssh-keygen -y -f KEY tries it.",
  );
}
