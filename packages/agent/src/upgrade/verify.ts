import { execa } from "execa";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { AgentStop } from "../process/exit.ts";

/** What the signature is for: one that was made for something else is not taken. */
const NAMESPACE = "tartfleet-agent";

/**
 * Whether somebody who is trusted signed a file, by OpenSSH's own word.
 *
 * @param allowedSigners file of who is trusted, in the form of ssh-keygen(1)
 * @returns who signed it
 * @throws AgentStop when nobody did who is trusted, or that list is not safe to go by
 */
export async function assertSigned(file: string, allowedSigners: string): Promise<string> {
  await assertOwn(allowedSigners);
  const signature = ["-f", allowedSigners, "-s", `${file}.sig`];
  const found = await keygen(["-Y", "find-principals", ...signature]);
  const who = found.stdout.split("\n")[0]?.trim() ?? "";
  const verify = ["-Y", "verify", ...signature, "-I", who, "-n", NAMESPACE];
  const verified = found.exitCode === 0 && who !== "" ? await keygen(verify, file) : found;
  if (verified.exitCode === 0) return who;
  const said = `${verified.stderr}\n${verified.stdout}`.trim().split("\n").at(-1) ?? "";
  throw new AgentStop(
    "notVerified",
    `SHA256SUMS is not signed by anybody whom ${allowedSigners} names (ssh-keygen: ${said}). If its signer is to be trusted, add their key there`,
  );
}

async function keygen(argv: readonly string[], inputFile = "/dev/null") {
  const ran = await execa("ssh-keygen", argv, { inputFile, reject: false });
  if (ran.code === "ENOENT") throw new AgentStop("notVerified", "ssh-keygen is not there to verify with");
  return ran;
}

/** Whoever can change the list decides what runs here. */
async function assertOwn(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found) {
    throw new AgentStop(
      "notVerified",
      `there is no ${path}; write into it whose signatures are taken: NAME namespaces="${NAMESPACE}" ssh-ed25519 AAAA…`,
    );
  }
  if (found.uid === process.geteuid?.() && (found.mode & 0o022) === 0) return;
  throw new AgentStop(
    "notVerified",
    `others than you can change ${path}; give it to root, and let nobody else write it`,
  );
}

/** @throws AgentStop when the file is not the one that was signed */
export async function assertSum(file: string, sha256: string): Promise<void> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  const sum = hash.digest("hex");
  if (sum === sha256) return;
  throw new AgentStop("notVerified", `the archive has the SHA-256 ${sum}, but ${sha256} was signed`);
}
