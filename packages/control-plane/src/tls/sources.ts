import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makePrivateKey, makeSelfSigned } from "@tartfleet/tls";
import { CertificateError, pairOf, type Certificate } from "./certificate.ts";

/**
 * Where the certificate comes from: asked at the start, and again for as long as the control plane runs.
 *
 * @throws CertificateError
 */
export type CertificateSource = (now: number) => Promise<Certificate>;

/** An operator's own: a chain and its key in PEM, read anew each time. */
export function filesOf(certPath: string, keyPath: string): CertificateSource {
  return async () => {
    const [cert, key] = await Promise.all([read(certPath), read(keyPath)]);
    return pairOf(cert, key, { cert: certPath, key: keyPath });
  };
}

const RENEW_BEFORE_MS = 30 * 86_400_000;

/**
 * One that the control plane makes itself, kept in `tls/` of its data directory: `key.pem` (0600), once and for
 * all, and `certificate.pem`, made anew under the same key when it comes to its end or lacks a name.
 *
 * @param hosts names and addresses by which clients reach this server
 */
export function ownIn(dataDir: string, hosts: readonly string[]): CertificateSource {
  const folder = join(dataDir, "tls");
  const where = { cert: join(folder, "certificate.pem"), key: join(folder, "key.pem") };

  return async (now) => {
    const key = (await readIfThere(where.key)) ?? (await makeKey(folder, where.key));
    const cert = await readIfThere(where.cert);
    const kept = cert === undefined ? undefined : usable(cert, key);
    if (kept && kept.expiresAt - now > RENEW_BEFORE_MS && hosts.every(kept.isFor)) {
      return kept;
    }
    const made = await makeSelfSigned(key, hosts, now).catch((error: unknown) => {
      throw new CertificateError(
        `${where.key} is not a key that a certificate can be made with: restore it from a backup, or remove it; agents must be given new tokens then (${messageOf(error)})`,
      );
    });
    const next = temporary(where.cert);
    await written(folder, async () => {
      await writeFile(next, made, { mode: 0o644 });
      await rename(next, where.cert);
    });
    return pairOf(made, key, where);
  };

  function usable(cert: string, key: string): Certificate | undefined {
    try {
      return pairOf(cert, key, where);
    } catch {
      return undefined;
    }
  }
}

/** Linked into place whole and never over another: whoever comes second takes what is there. */
async function makeKey(folder: string, path: string): Promise<string> {
  await written(folder, async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const next = temporary(path);
    await writeFile(next, await makePrivateKey(), { mode: 0o600, flag: "wx" });
    await link(next, path).catch((error: unknown) => {
      if (codeOf(error) !== "EEXIST") throw error;
    });
    await rm(next);
  });
  return read(path);
}

const temporary = (path: string) => `${path}.${randomBytes(4).toString("hex")}`;

async function written(folder: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    throw new CertificateError(
      `${folder} cannot be written: ${messageOf(error)}. Make it writable for this user, or give another --data-dir`,
    );
  }
}

async function read(path: string): Promise<string> {
  const text = await readIfThere(path);
  if (text === undefined) throw new CertificateError(`${path} is not there`);
  return text;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw new CertificateError(`${path} cannot be read: ${messageOf(error)}`);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
