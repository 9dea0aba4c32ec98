import { z } from "zod";
import { isTrustworthy } from "../../oidc/config.ts";
import { readConfigFile, secretFile } from "../config-file.ts";
import { minWithinMax, uniqueNames, vmFields } from "../vm-definition.ts";

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

const definitionSchema = z
  .strictObject({
    ...vmFields,
    scope: scopeSchema,
    mode: z.enum(["scale-set", "webhook"]).default("scale-set"),
    labels: z.array(label).min(1).max(100).optional(),
    runnerGroup: z.string().min(1).max(255).optional(),
    /** How a waiting job's commit is told that its VM failed; by default it is not. */
    report: z.enum(["status", "check"]).optional(),
  })
  .superRefine(minWithinMax)
  .refine(({ scope, runnerGroup }) => runnerGroup === undefined || !("repository" in scope), {
    path: ["runnerGroup"],
    message: "a repository has no runner groups; leave it out, or give an organization as the scope",
  })
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
        privateKeyFile: secretFile,
      })
      .optional(),
    tokenFile: secretFile.optional(),
    webhookSecretFile: secretFile.optional(),
    runners: z.array(definitionSchema).min(1).max(200).superRefine(uniqueNames),
  })
  .refine(({ app, tokenFile }) => (app === undefined) !== (tokenFile === undefined), {
    path: ["app"],
    message: "give either app or tokenFile",
  })
  .refine(({ app, runners }) => app !== undefined || runners.every(({ report }) => report !== "check"), {
    path: ["runners"],
    message: "only an App can make checks: report must be status, or absent",
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

/** @throws CiConfigError */
export function readGithubConfig(path: string): GithubConfig {
  const { app, tokenFile, webhookSecretFile, url, runners } = readConfigFile(path, configSchema);
  return {
    url,
    runners,
    auth: app
      ? { kind: "app", id: app.id, installationId: app.installationId, privateKey: app.privateKeyFile }
      : { kind: "token", token: tokenFile ?? "" },
    webhookSecret: webhookSecretFile,
  };
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
  if (host === "www.github.com") return "https://api.github.com";
  return host === "github.com" || host.endsWith(".ghe.com") ? `${protocol}//api.${host}` : `${url}/api/v3`;
}
