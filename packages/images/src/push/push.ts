import {
  makeCredentialSource,
  tartLogin,
  type CredentialSource,
} from "@tartfleet/agent/src/registry/credentials.ts";
import { makeResolveTag } from "@tartfleet/agent/src/registry/resolve-tag.ts";
import { execa } from "execa";
import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Context } from "../context.ts";
import { ImagesError } from "../images-error.ts";
import { commandLine } from "../plan-text.ts";
import type { Release } from "../templates/release.ts";
import { layersOf, tooManyLayers } from "./layers.ts";
import { labelsOf, tagOf } from "./tag.ts";

export interface PushOptions {
  vm: string;
  /** `registry/name`, without a tag. */
  repository: string;
  release: Release;
  /** Behind the tag, for a second image of one day. */
  suffix?: string | undefined;
  /** Connections at once; tart's own choice is 4. */
  concurrency?: number | undefined;
}

/**
 * Pushes a VM under a tag that was free, and answers with the name that can never mean another:
 * `repository@sha256:…`.
 *
 * @throws ImagesError `vm_unusable`, `image_too_large`, `tag_taken`, `registry_unknown`, `program_missing`, `push_failed`
 */
export async function push(options: PushOptions, context: Context): Promise<string> {
  const { vm, repository, release, suffix } = options;
  const { env, say, signal } = context;
  const bytes = await diskBytes(vm, env);
  const tooMany = tooManyLayers(bytes);
  if (tooMany !== undefined) {
    throw new ImagesError(
      "image_too_large",
      tooMany,
      "Build it with a smaller --var disk_size_gb: layers follow the size of the disk, also where it is empty.",
    );
  }
  const tag = `${tagOf(release, context.now())}${suffix === undefined ? "" : `-${suffix}`}`;
  const reference = `${repository}:${tag}`;
  const credentials = makeCredentialSource(env);
  const resolve = makeResolveTag(env, credentials);
  const before = await resolve(reference, signal);
  if (before.kind === "digest") {
    throw new ImagesError(
      "tag_taken",
      `${reference} is there already, as ${before.digest}`,
      "Tags are never moved. For a second image of this day give --suffix 2.",
    );
  }
  if (before.code !== "image_not_found") throw unknown(before.message);
  say(`${vm}: ${layersOf(bytes)} layers`);
  const login = await loginTo(repository, credentials, signal);
  await tartPush(options, reference, { ...context, env: { ...env, ...login } });
  const after = await resolve(reference, signal);
  if (after.kind !== "digest") throw unknown(after.message);
  return `${repository}@${after.digest}`;
}

async function diskBytes(vm: string, env: Context["env"]): Promise<number> {
  const home = env["TART_HOME"] ?? join(env["HOME"] ?? homedir(), ".tart");
  try {
    return (await stat(join(home, "vms", vm, "disk.img"))).size;
  } catch {
    throw new ImagesError("vm_unusable", `There is no VM ${vm} here`, "`tart list` shows which there are.");
  }
}

/** For the one command, in its environment; nothing when none is found, since tart also looks into the keychain. */
async function loginTo(repository: string, credentials: CredentialSource, signal: AbortSignal) {
  const [registry = ""] = repository.split("/");
  const found = await credentials.find(registry, signal);
  return found.credentials && tartLogin(registry, found.credentials);
}

async function tartPush(options: PushOptions, reference: string, { env, say, signal, now }: Context) {
  const labels = Object.entries(labelsOf(options.release, now()));
  const args = [
    "push",
    options.vm,
    reference,
    ...(options.concurrency === undefined ? [] : ["--concurrency", String(options.concurrency)]),
    ...labels.flatMap(([name, value]) => ["--label", `${name}=${value}`]),
  ];
  say(`$ ${commandLine(["tart", ...args])}`);
  const { exitCode, code } = await execa("tart", args, {
    env: { ...env, CI: "true" },
    extendEnv: false,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    reject: false,
    cancelSignal: signal,
    killSignal: "SIGINT",
  });
  if (code === "ENOENT") {
    throw new ImagesError("program_missing", "There is no tart in PATH", "brew install openai/tools/tart");
  }
  if (exitCode !== 0) {
    throw new ImagesError(
      "push_failed",
      `tart push ended with ${exitCode ?? "a signal"}`,
      "Its output is above. The VM must not run, the repository must exist (ECR makes none by itself), and the login be allowed to push.",
    );
  }
}

function unknown(message: string): ImagesError {
  return new ImagesError(
    "registry_unknown",
    message,
    "It is asked whether the tag is free, and for the digest. Set TART_REGISTRY_USERNAME and TART_REGISTRY_PASSWORD, or a helper in ~/.docker/config.json; for ECR, AWS_PROFILE: what `tart login` keeps only tart may read.",
  );
}
