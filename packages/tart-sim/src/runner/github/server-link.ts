import { setTimeout as delay } from "node:timers/promises";
import {
  jobPath,
  nextJobPath,
  registrationPath,
  type Conclusion,
  type JobMessage,
  type RegistrationRequest,
  type RunnerEvent,
  type RunnerFiles,
} from "../../github/protocol.ts";
import type { RunnerIdentity } from "./runner-directory.ts";

/** The service refused: the registration is gone, or the job is no longer this runner's. */
export class Refused extends Error {}

const resultTries = 5;
const resultPauseMs = 500;

export type ServerLink = ReturnType<typeof connect>;

/** What the runner says to the service named in its files. */
export function connect({ serverUrl, secret }: RunnerIdentity) {
  const call = async (method: string, path: string, body?: object): Promise<Response> => {
    const response = await fetch(serverUrl + path, {
      method,
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.status >= 400) throw new Refused(`${method} ${path}: ${response.status}`);
    return response;
  };

  return {
    async nextJob(): Promise<JobMessage | undefined> {
      const response = await call("GET", nextJobPath);
      if (response.status === 204) return undefined;
      const job: JobMessage = JSON.parse(await response.text());
      return job;
    },
    async renewLock(id: string): Promise<void> {
      await call("POST", jobPath(id, "lock"), {});
    },
    async report(id: string, event: RunnerEvent): Promise<void> {
      await call("POST", jobPath(id, "events"), event);
    },
    /** At most five tries, as CompleteJobAsync (ci-runners §2.1 step 6). */
    async deliver(id: string, conclusion: Conclusion): Promise<void> {
      for (let attempt = 1; ; attempt += 1) {
        try {
          await call("POST", jobPath(id, "result"), { conclusion });
          return;
        } catch (error) {
          if (error instanceof Refused || attempt === resultTries) throw error;
          await delay(resultPauseMs);
        }
      }
    },
    async deregister(): Promise<void> {
      await call("DELETE", registrationPath);
    },
  };
}

/** What `config.sh` does: a registration token becomes the runner's files. */
export async function register(url: string, request: RegistrationRequest): Promise<RunnerFiles> {
  const response = await fetch(new URL(registrationPath, url), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
  if (!response.ok) throw new Refused(`Http response code: ${response.status} from 'POST ${url}'`);
  const files: RunnerFiles = JSON.parse(await response.text());
  return files;
}
