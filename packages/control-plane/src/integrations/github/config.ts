import { readFileSync } from "node:fs";
import {
  guestOsSchema,
  imageOrChannelSchema,
  labelsSchema,
  nameSchema,
  prioritySchema,
  teamSchema,
} from "@tartfleet/shared";
import { z } from "zod";
import { isTrustworthy } from "../../oidc/config.ts";

/** A file of `--github-config` that cannot be used; every mistake in it. */
export class GithubConfigError extends Error {
  override readonly name = "GithubConfigError";
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(mistakes.join("; "));
    this.mistakes = mistakes;
  }
}

const login = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$/, "must be a name of GitHub's");
const scopeSchema = z.union(
  [
    z.strictObject({ organization: login }),
    z.strictObject({
      repository: z.string().regex(/^[A-Za-z0-9-]{1,39}\/[A-Za-z0-9._-]{1,100}$/, "must be OWNER/NAME"),
    }),
    z.strictObject({ enterprise: login }),
  ],
  { error: "must be one of { organization }, { repository } and { enterprise }" },
);
const label = z.string().regex(/^[^\s,]{1,255}$/, "must have no space and no comma");
const day = 86_400;

const definitionSchema = z
  .strictObject({
    /** Also what a scale set is named, and what its runners' names begin with. */
    name: nameSchema.max(32, "must have at most 32 characters"),
    scope: scopeSchema,
    mode: z.enum(["scale-set", "webhook"]).default("scale-set"),
    labels: z.array(label).min(1).max(100).optional(),
    runnerGroup: z.string().min(1).max(255).optional(),
    image: imageOrChannelSchema,
    os: guestOsSchema.default("macos"),
    cpu: z.int().min(1).max(64).optional(),
    memoryMiB: z.int().min(512).max(1_048_576).optional(),
    diskGiB: z.int().min(10).max(8192).optional(),
    hostLabels: labelsSchema.default({}),
    team: teamSchema.optional(),
    priority: prioritySchema.optional(),
    min: z.int().min(0).max(1000).default(0),
    max: z.int().min(1).max(10_000),
    ttlSeconds: z
      .int()
      .min(60)
      .max(7 * day)
      .optional(),
    /** How long a runner waits for a job that was counted and went elsewhere. */
    idleSeconds: z.int().min(60).max(day).default(600),
  })
  .refine(({ min, max }) => min <= max, { path: ["min"], message: "must not be more than max" })
  .refine(({ mode, min }) => mode === "scale-set" || min === 0, {
    path: ["min"],
    message:
      "GitHub drops idle runners of this mode within minutes; keep VMs warm with a pool of the same image",
  });

const configSchema = z
  .strictObject({
    url: z
      .string()
      .default("https://github.com")
      .refine(isTrustworthy, "must be an https URL (http only for this machine)")
      .transform((url) => url.replace(/\/+$/, "")),
    app: z
      .strictObject({
        id: z.int().positive(),
        installationId: z.int().positive(),
        privateKeyFile: z.string().min(1),
      })
      .optional(),
    tokenFile: z.string().min(1).optional(),
    webhookSecretFile: z.string().min(1).optional(),
    runners: z.array(definitionSchema).min(1).max(200),
  })
  .refine(({ app, tokenFile }) => (app === undefined) !== (tokenFile === undefined), {
    path: ["app"],
    message: "give either app or tokenFile",
  })
  .refine(({ runners }) => new Set(runners.map(({ name }) => name)).size === runners.length, {
    path: ["runners"],
    message: "two have the same name",
  })
  .refine(
    ({ runners, webhookSecretFile }) =>
      webhookSecretFile !== undefined || runners.every(({ mode }) => mode !== "webhook"),
    { path: ["webhookSecretFile"], message: "is needed where a runner's mode is webhook" },
  );

type FileConfig = z.infer<typeof configSchema>;
export type RunnerDefinition = FileConfig["runners"][number];
export type Scope = RunnerDefinition["scope"];

/** What `--github-config` names, with the secrets out of their files: see docs/ci/github.md. */
export interface GithubConfig extends Pick<FileConfig, "url" | "runners"> {
  auth:
    | { kind: "app"; id: number; installationId: number; privateKey: string }
    | { kind: "token"; token: string };
  webhookSecret: string | undefined;
}

/** @throws GithubConfigError */
export function readGithubConfig(path: string): GithubConfig {
  const parsed = configSchema.safeParse(jsonIn(path));
  if (!parsed.success) {
    throw new GithubConfigError(
      parsed.error.issues.map((issue) => `${[path, ...issue.path].join(" › ")}: ${issue.message}`),
    );
  }
  const { app, tokenFile, webhookSecretFile, url, runners } = parsed.data;
  return {
    url,
    runners,
    auth: app
      ? { kind: "app", ...app, privateKey: secretIn(app.privateKeyFile) }
      : { kind: "token", token: secretIn(tokenFile ?? "") },
    webhookSecret: webhookSecretFile === undefined ? undefined : secretIn(webhookSecretFile),
  };
}

function jsonIn(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const what = error instanceof SyntaxError ? "is not valid JSON" : "cannot be read";
    throw new GithubConfigError([`${path} ${what}: ${messageOf(error)}`]);
  }
}

function secretIn(path: string): string {
  try {
    const text = readFileSync(path, "utf8").trim();
    if (text !== "") return text;
  } catch (error) {
    throw new GithubConfigError([`${path} cannot be read: ${messageOf(error)}`]);
  }
  throw new GithubConfigError([`${path} is empty`]);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A definition's labels; by default its name, as a scale set has it. */
export const labelsOf = ({ labels, name }: RunnerDefinition): readonly string[] => labels ?? [name];

/** The scope as it stands in paths of the REST API. */
export function scopePath(scope: Scope): string {
  if ("organization" in scope) return `/orgs/${scope.organization}`;
  return "repository" in scope ? `/repos/${scope.repository}` : `/enterprises/${scope.enterprise}`;
}

/** The scope as a page of GitHub's. */
export function scopeUrl(url: string, scope: Scope): string {
  if ("organization" in scope) return `${url}/${scope.organization}`;
  return "repository" in scope ? `${url}/${scope.repository}` : `${url}/enterprises/${scope.enterprise}`;
}

/** Where the REST API of a GitHub is: of github.com and its data residency hosts beside it, of a server under it. */
export function apiUrl(url: string): string {
  const { protocol, host } = new URL(url);
  return host === "github.com" || host.endsWith(".ghe.com") ? `${protocol}//api.${host}` : `${url}/api/v3`;
}
