import { z } from "zod";
import { json, Refusal, route, type Call, type Route } from "./http.ts";
import type { Auth } from "./auth.ts";
import type { Jobs } from "./jobs.ts";

/** What somebody said at a commit: by a status, or by a check. */
export interface SimReport {
  kind: "status" | "check";
  repository: string;
  sha: string;
  name: string;
  /** A status' state, or a check's conclusion. */
  state: string;
  title: string;
}

const page = z.url().optional();
const status = z.strictObject({
  state: z.enum(["error", "failure", "pending", "success"]),
  context: z.string().min(1),
  description: z.string().max(140),
  target_url: page,
});
const check = z.strictObject({
  name: z.string().min(1),
  head_sha: z.string(),
  status: z.literal("completed"),
  conclusion: z.enum(["failure", "neutral", "success"]),
  output: z.strictObject({ title: z.string().min(1), summary: z.string().max(65_535) }),
  details_url: page,
});

/** Commit statuses and check runs (docs.github.com/rest/commits/statuses, /rest/checks/runs): the latter an App's alone. */
export function makeReports({ auth, jobs }: { auth: Auth; jobs: Jobs }) {
  const all: SimReport[] = [];
  let mayWrite = true;

  function require({ request }: Call): void {
    auth.requireToken(request);
    if (!mayWrite) throw new Refusal(403, "Resource not accessible by integration");
  }

  function keep(at: Record<string, string>, report: Omit<SimReport, "repository">): Response {
    const repository = `${at["owner"]}/${at["repo"]}`;
    if (!jobs.all.some((job) => job.repository === repository && job.headSha === report.sha))
      throw new Refusal(422, `No commit found for SHA: ${report.sha}`);
    all.push({ ...report, repository });
    return json(201, { id: all.length });
  }

  const routes: Route[] = [
    route("POST /repos/{owner}/{repo}/statuses/{sha}", async (call) => {
      require(call);
      const { state, context, description } = await call.body(status);
      return keep(call.at, {
        kind: "status",
        sha: call.at["sha"] ?? "",
        name: context,
        state,
        title: description,
      });
    }),
    route("POST /repos/{owner}/{repo}/check-runs", async (call) => {
      require(call);
      if (!auth.isOfInstallation(call.request))
        throw new Refusal(403, "You must authenticate via a GitHub App.");
      const { name, head_sha, conclusion, output } = await call.body(check);
      return keep(call.at, { kind: "check", sha: head_sha, name, state: conclusion, title: output.title });
    }),
  ];
  return {
    all,
    routes,
    /** The App has the permission, or has it not. */
    allow: (may: boolean) => void (mayWrite = may),
  };
}

export type Reports = ReturnType<typeof makeReports>;
