import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/core";
import { z } from "zod";
import type { Report, ReportKind } from "../../domain/github/report.ts";
import type { ListedRunner } from "../../domain/github/sweep.ts";
import { apiUrl, scopePath, type GithubConfig, type Scope } from "./config.ts";
import { makeBudget } from "./budget.ts";

const jitSchema = z.object({ encoded_jit_config: z.string().min(1) });
const runnersSchema = z.object({
  runners: z.array(z.object({ id: z.int(), name: z.string(), status: z.string() })),
});
const groupsSchema = z.object({ runner_groups: z.array(z.object({ id: z.int(), name: z.string() })) });
const jobsSchema = z.object({
  jobs: z.array(z.object({ status: z.string(), runner_name: z.string().nullable() })),
});
const tokenSchema = z.object({ token: z.string() });
const headSchema = z.object({ head_sha: z.string().regex(/^[0-9a-f]{40,64}$/) });
const statusSchema = z.object({ status: z.string() });

const deliveriesSchema = z.array(
  z.object({
    id: z.int(),
    guid: z.string(),
    event: z.string(),
    delivered_at: z.iso.datetime({ offset: true }),
  }),
);
const deliverySchema = z.object({ request: z.object({ payload: z.unknown() }) });

const PAGE = 100;
/** Of runners and groups so many pages are read; more would be another fleet's. */
const MOST_PAGES = 50;
const TIMEOUT_MS = 30_000;

type Octo = InstanceType<typeof Octokit>;
type Parameters = Record<string, unknown>;

export type Fetch = typeof fetch;

/** What the integration asks of GitHub's REST API. Everything may throw: what fails is asked again later. */
export function makeApi({ url, auth }: GithubConfig, fetch: Fetch, now: () => number) {
  const budget = makeBudget(now);
  let isAnswering = true;
  const octokit: Octo = new Octokit({
    baseUrl: apiUrl(url),
    userAgent: "tartfleet",
    log: { debug() {}, info() {}, warn() {}, error() {} },
    request: { fetch },
    ...(auth.kind === "token"
      ? { auth: auth.token }
      : {
          authStrategy: createAppAuth,
          auth: { appId: auth.id, privateKey: auth.privateKey, installationId: auth.installationId },
        }),
  });
  octokit.hook.wrap("request", async (request, options) => {
    budget.require();
    try {
      const response = await request(options);
      budget.heard(response.status, response.headers);
      isAnswering = true;
      return response;
    } catch (error) {
      const { status, message, response } = refusalSchema.safeParse(error).data ?? {};
      isAnswering = response !== undefined && status !== undefined && status < 500;
      if (status !== undefined) budget.heard(status, response?.headers ?? {}, message);
      throw error;
    }
  });

  /** A token may have been revoked, or our clock may be wrong: a new one is tried once. */
  async function ask<T>(schema: z.ZodType<T>, line: string, parameters: Parameters = {}): Promise<T> {
    const send = async () =>
      schema.parse(
        (
          await octokit.request(line, {
            ...parameters,
            request: { fetch, signal: AbortSignal.timeout(TIMEOUT_MS) },
          })
        ).data,
      );
    try {
      return await send();
    } catch (error) {
      if (auth.kind !== "app" || statusOf(error) !== 401) throw error;
      await octokit.auth({ type: "installation", refresh: true });
      return send();
    }
  }

  async function pages<T>(
    schema: z.ZodType<T>,
    line: string,
    itemsOf: (page: T) => readonly unknown[],
  ): Promise<T[]> {
    const all: T[] = [];
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const found = await ask(schema, line, { per_page: PAGE, page });
      all.push(found);
      if (itemsOf(found).length < PAGE) break;
    }
    return all;
  }

  return {
    /** How much of the hour's requests is left, from 0 to 1. */
    left: budget.left,
    /** False from a request that it did not answer, or could not, until it answers one. */
    isAnswering: () => isAnswering,

    /** A runner that takes one job; the answer is what its process is given. */
    async generateJit(
      scope: Scope,
      runner: { name: string; groupId: number; labels: readonly string[] },
    ): Promise<string> {
      const { encoded_jit_config } = await ask(
        jitSchema,
        `POST ${scopePath(scope)}/actions/runners/generate-jitconfig`,
        {
          name: runner.name,
          runner_group_id: runner.groupId,
          labels: [...runner.labels],
          work_folder: "_work",
        },
      );
      return encoded_jit_config;
    },

    async runners(scope: Scope): Promise<(ListedRunner & { id: number })[]> {
      const found = await pages(
        runnersSchema,
        `GET ${scopePath(scope)}/actions/runners`,
        (page) => page.runners,
      );
      return found.flatMap((page) => page.runners);
    },

    /** @returns false when it is at work, or GitHub thinks so */
    async removeRunner(scope: Scope, id: number): Promise<boolean> {
      try {
        await ask(z.unknown(), `DELETE ${scopePath(scope)}/actions/runners/${id}`);
        return true;
      } catch (error) {
        const status = statusOf(error);
        if (status === 404) return true;
        if (status === 422) return false;
        throw error;
      }
    },

    /** The id of the group of that name; undefined when there is none. */
    async groupId(scope: Scope, name: string): Promise<number | undefined> {
      const found = await pages(
        groupsSchema,
        `GET ${scopePath(scope)}/actions/runner-groups`,
        (page) => page.runner_groups,
      );
      return found.flatMap((page) => page.runner_groups).find((group) => group.name === name)?.id;
    },

    /** By it the Actions service lets in whoever runs scale sets. */
    registrationToken: async (scope: Scope): Promise<string> =>
      (await ask(tokenSchema, `POST ${scopePath(scope)}/actions/runners/registration-token`)).token,

    /** The newest of the App's webhook deliveries, or those after the cursor; times are milliseconds. */
    async deliveries(cursor: string | undefined) {
      const { data, headers } = await octokit.request("GET /app/hook/deliveries", {
        per_page: PAGE,
        ...(cursor === undefined ? {} : { cursor }),
        request: { fetch, signal: AbortSignal.timeout(TIMEOUT_MS) },
      });
      return {
        deliveries: deliveriesSchema.parse(data).map(({ delivered_at, ...delivery }) => ({
          ...delivery,
          at: Date.parse(delivered_at),
        })),
        next: /[?&]cursor=([^&>]+)[^>]*>; rel="next"/.exec(headers.link ?? "")?.[1],
      };
    },

    payloadOf: async (deliveryId: number): Promise<unknown> =>
      (await ask(deliverySchema, `GET /app/hook/deliveries/${deliveryId}`)).request.payload,

    /** Whether GitHub says that the job which that runner took is completed; undefined when it knows of none. */
    async isJobOver(
      job: { repository: string; runId: string; runAttempt: string },
      isRunner: (name: string | null) => boolean,
    ): Promise<boolean | undefined> {
      const line = `GET /repos/${job.repository}/actions/runs/${job.runId}/attempts/${job.runAttempt}/jobs`;
      const found = await pages(jobsSchema, line, (page) => page.jobs);
      const own = found.flatMap((page) => page.jobs).find(({ runner_name }) => isRunner(runner_name));
      return own && own.status === "completed";
    },

    /** The commit that a run is of; undefined when GitHub does not know the run. */
    async headOf(run: { repository: string; runId: string }): Promise<string | undefined> {
      try {
        return (await ask(headSchema, `GET /repos/${run.repository}/actions/runs/${run.runId}`)).head_sha;
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    },

    /** Says it at the commit; what was said there by that name is shown no more. */
    async report(kind: ReportKind, repository: string, sha: string, said: Report): Promise<void> {
      const { name, isFailure, title, text, page } = said;
      if (kind === "status") {
        await ask(z.unknown(), `POST /repos/${repository}/statuses/${sha}`, {
          context: name,
          state: isFailure ? "error" : "success",
          description: title,
          ...(page === undefined ? {} : { target_url: page }),
        });
        return;
      }
      await ask(z.unknown(), `POST /repos/${repository}/check-runs`, {
        name,
        head_sha: sha,
        status: "completed",
        conclusion: isFailure ? "failure" : "neutral",
        output: { title, summary: text },
        ...(page === undefined ? {} : { details_url: page }),
      });
    },

    /** What GitHub says of a job by its number, or of its run where it has none; undefined when it knows neither. */
    async statusOf(job: { repository: string; runId: string; jobId: string }): Promise<string | undefined> {
      const what = /^\d+$/.test(job.jobId) ? `jobs/${job.jobId}` : `runs/${job.runId}`;
      try {
        return (await ask(statusSchema, `GET /repos/${job.repository}/actions/${what}`)).status;
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    },
  };
}

export type GithubApi = ReturnType<typeof makeApi>;

const refusalSchema = z.object({
  status: z.int(),
  message: z.string().optional(),
  response: z
    .object({ headers: z.record(z.string(), z.union([z.string(), z.number(), z.undefined()])) })
    .optional(),
});

/** The status that an answer had; undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  return refusalSchema.safeParse(error).data?.status;
}
