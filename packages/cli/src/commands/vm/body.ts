import { parseEnv } from "node:util";
import { DURATION_FORM, parseDuration } from "../../duration.ts";
import type { VmTexts } from "./texts.ts";

/** The flags of `vm create` that describe the VM, as they stand on the command line. */
export interface VmFlags {
  image?: string;
  name?: string;
  jobId?: string;
  os?: string;
  cpu?: string;
  memoryMib?: string;
  diskGib?: string;
  hostLabel?: string[];
  preferHostLabel?: string[];
  allowPending?: true;
  label?: string[];
  ttl?: string;
  queueTimeout?: string;
  idleTimeout?: string;
  holdOnFailure?: string;
  pullStall?: string;
  cloneTimeout?: string;
  bootTimeout?: string;
  provisionTimeout?: string;
  env?: string[];
  softnet?: true;
  softnetAllow?: string[];
  softnetBlock?: string[];
  display?: string;
  priority?: string;
  shell?: string;
}

interface Mistake {
  path: string;
  message: string;
}

type Json = Record<string, unknown>;

/** Which flag gives which field, for the control plane's answers. */
const FLAG_OF: Readonly<Record<string, string>> = {
  image: "--image",
  name: "--name",
  jobId: "--job-id",
  os: "--os",
  cpu: "--cpu",
  memoryMiB: "--memory-mib",
  diskGiB: "--disk-gib",
  hostLabels: "--host-label",
  preferredHostLabels: "--prefer-host-label",
  priority: "--priority",
  allowPending: "--allow-pending",
  labels: "--label",
  ttlSeconds: "--ttl",
  queueTimeoutSeconds: "--queue-timeout",
  noJobTimeoutSeconds: "--idle-timeout",
  holdOnFailureSeconds: "--hold-on-failure",
  "budgets.pullStallSeconds": "--pull-stall",
  "budgets.cloneSeconds": "--clone-timeout",
  "budgets.bootSeconds": "--boot-timeout",
  "budgets.provisionSeconds": "--provision-timeout",
  env: "--env",
  "run.softnet": "--softnet",
  "run.softnetAllow": "--softnet-allow",
  "run.softnetBlock": "--softnet-block",
  "run.display": "--display",
  "runner.script": "--script",
  "runner.shell": "--shell",
  runner: "--runner-file",
};

/** A field as people know it: `memoryMiB (--memory-mib)`. */
export function fieldWithFlag(path: string): string {
  const key = Object.keys(FLAG_OF).find(
    (candidate) => path === candidate || path.startsWith(`${candidate}.`),
  );
  return key === undefined ? path : `${path} (${FLAG_OF[key]})`;
}

/**
 * The body of `POST /v1/vms` from `--file`, flags (which win) and the other files. Only the form of flags is
 * checked here, all of them at once; what a VM may be is for the control plane to say.
 */
export function vmBody(
  flags: VmFlags,
  texts: VmTexts,
  env: NodeJS.ProcessEnv,
): { body: Json } | { mistakes: Mistake[] } {
  const mistakes: Mistake[] = [];
  const mistake = (path: string, message: string) => {
    mistakes.push({ path, message });
    return undefined;
  };
  const whole = (flag: string, text: string | undefined) =>
    text === undefined || /^\d{1,10}$/.test(text)
      ? text && Number(text)
      : mistake(flag, "must be a whole number");
  const seconds = (flag: string, text: string | undefined) =>
    text && (parseDuration(text) ?? mistake(flag, `must be a duration like ${DURATION_FORM}`));
  const object = (flag: string, text: string | undefined) =>
    text === undefined ? undefined : (parseObject(text) ?? mistake(flag, "is not a JSON object"));
  const labels = (flag: string, texts: readonly string[] = []) =>
    Object.fromEntries(
      texts.flatMap((text) => {
        const [key, value] = splitPair(text);
        if (key !== "" && value !== undefined) return [[key, value]];
        mistake(flag, `${JSON.stringify(text)} is not KEY=VALUE`);
        return [];
      }),
    );

  const base = object("--file", texts.file) ?? {};
  const merged = (key: string, more: Json): Json => {
    if (Object.keys(more).length === 0) return {};
    const before = base[key] ?? {};
    if (isObject(before)) return { [key]: { ...before, ...more } };
    mistake("--file", `${key} must be an object`);
    return {};
  };
  const runner = runnerOf(flags, texts, base, object, mistake);
  const body = {
    ...base,
    ...defined({
      image: flags.image,
      name: flags.name,
      jobId: flags.jobId,
      priority: flags.priority,
      os: flags.os,
      cpu: whole("--cpu", flags.cpu),
      memoryMiB: whole("--memory-mib", flags.memoryMib),
      diskGiB: whole("--disk-gib", flags.diskGib),
      ttlSeconds: seconds("--ttl", flags.ttl),
      queueTimeoutSeconds: seconds("--queue-timeout", flags.queueTimeout),
      noJobTimeoutSeconds: seconds("--idle-timeout", flags.idleTimeout),
      holdOnFailureSeconds: seconds("--hold-on-failure", flags.holdOnFailure),
      allowPending: flags.allowPending,
      runner,
    }),
    ...merged("hostLabels", labels("--host-label", flags.hostLabel)),
    ...merged("preferredHostLabels", labels("--prefer-host-label", flags.preferHostLabel)),
    ...merged("labels", labels("--label", flags.label)),
    ...merged(
      "budgets",
      defined({
        pullStallSeconds: seconds("--pull-stall", flags.pullStall),
        cloneSeconds: seconds("--clone-timeout", flags.cloneTimeout),
        bootSeconds: seconds("--boot-timeout", flags.bootTimeout),
        provisionSeconds: seconds("--provision-timeout", flags.provisionTimeout),
      }),
    ),
    ...merged("env", variables(flags.env ?? [], texts.envFiles, env, mistake)),
    ...merged(
      "run",
      defined({
        softnet: flags.softnet,
        softnetAllow: flags.softnetAllow,
        softnetBlock: flags.softnetBlock,
        display: flags.display,
      }),
    ),
  };
  if (!("image" in body) && !mistakes.some(({ path }) => path === "--file")) {
    mistake("--image", "is needed (or give the whole VM with --file)");
  }
  return mistakes.length > 0 ? { mistakes } : { body };
}

type Complain = (path: string, message: string) => undefined;

function runnerOf(
  { shell }: VmFlags,
  { runnerFile, script }: VmTexts,
  base: Json,
  object: (flag: string, text: string | undefined) => Json | undefined,
  mistake: Complain,
): Json | undefined {
  const given = [base["runner"], runnerFile, script].filter((one) => one !== undefined);
  if (given.length > 1) {
    return mistake("runner", "can be given once: by --script, by --runner-file or in --file");
  }
  if (shell !== undefined && script === undefined) return mistake("--shell", "goes with --script");
  if (script !== undefined) return { kind: "script", script, ...defined({ shell }) };
  return object("--runner-file", runnerFile);
}

/** `K=V`, or `K` alone: its value from our own environment, which keeps it out of the process list. */
function variables(
  pairs: readonly string[],
  files: readonly string[],
  env: NodeJS.ProcessEnv,
  mistake: Complain,
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const text of files) Object.assign(result, parseEnv(text));
  for (const pair of pairs) {
    const [key, given] = splitPair(pair);
    const value = given ?? env[key];
    if (value === undefined) mistake("--env", `${key} is not set here; give ${key}=VALUE or set it`);
    else result[key] = value;
  }
  return result;
}

function splitPair(text: string): [key: string, value: string | undefined] {
  const at = text.indexOf("=");
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** undefined for anything else; JSON.parse's own message would quote secrets. */
function parseObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function defined(fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
