import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Capabilities } from "../../domain/azure/demands.ts";
import type { JobRequest } from "../../domain/azure/queue.ts";
import { CiApiError, type CiApi } from "../ci-api.ts";

const VERSION = "api-version=7.1";
/** So many jobs that are over are told of too: enough for those that end between two questions, and for a restart. */
const OVER = 100;

const time = z
  .string()
  .nullish()
  .transform((text) => {
    const ms = Date.parse(text ?? "");
    // .NET's way to say that it has not been yet.
    return Number.isNaN(ms) || ms < 0 ? undefined : ms;
  });
const agentSchema = z.object({
  id: z.int(),
  name: z.string(),
  enabled: z.boolean().default(true),
  status: z.string(),
});
const requestsSchema = z.object({
  value: z.array(
    z.object({
      requestId: z.int(),
      demands: z.array(z.string()).nullish(),
      reservedAgent: z.object({ name: z.string() }).nullish(),
      result: z.string().nullish(),
      finishTime: time,
    }),
  ),
});

export type AzureAgent = z.output<typeof agentSchema>;

/** Pools of agents by Azure's REST API (learn.microsoft.com, distributedtask; jobrequests as its own pages ask for them). */
export function makePools({ call }: CiApi) {
  const ids = new Map<string, number>();

  async function pathOf(pool: string): Promise<string> {
    const known = ids.get(pool);
    if (known !== undefined) return `/_apis/distributedtask/pools/${known}`;
    const query = `poolName=${encodeURIComponent(pool)}&${VERSION}`;
    const schema = z.object({ value: z.array(z.object({ id: z.int(), name: z.string() })) });
    const { value } = await call(`GET /_apis/distributedtask/pools?${query}`, schema);
    const found = value.find(({ name }) => name.toLowerCase() === pool.toLowerCase());
    if (!found)
      throw new CiApiError(`Azure shows no pool ${pool}: make it, or let the token's user see it.`, 404);
    ids.set(pool, found.id);
    return pathOf(pool);
  }

  return {
    /** Its jobs that are not over, and the newest that are. */
    async requests(pool: string): Promise<JobRequest[]> {
      const path = await pathOf(pool);
      const { value } = await call(
        `GET ${path}/jobrequests?completedRequestCount=${OVER}&${VERSION}`,
        requestsSchema,
      );
      return value.map(({ requestId, demands, reservedAgent, result, finishTime }) => ({
        requestId,
        demands: demands ?? [],
        agent: reservedAgent?.name,
        isOver: typeof result === "string" || finishTime !== undefined,
        finishedAt: finishTime,
      }));
    },

    async agents(pool: string): Promise<AzureAgent[]> {
      const schema = z.object({ value: z.array(agentSchema) });
      return (await call(`GET ${await pathOf(pool)}/agents?${VERSION}`, schema)).value;
    },

    /** From then on it is given no job. */
    async disable(pool: string, id: number): Promise<void> {
      const path = `${await pathOf(pool)}/agents/${id}`;
      await call(`PATCH ${path}?${VERSION}`, z.unknown(), { id, enabled: false });
    },

    /** @returns false when Azure keeps it for now, as it does with one that seems to have a job */
    async remove(pool: string, id: number): Promise<boolean> {
      try {
        await call(`DELETE ${await pathOf(pool)}/agents/${id}?${VERSION}`, z.unknown());
        return true;
      } catch (error) {
        if (!(error instanceof CiApiError)) throw error;
        if (error.status === 404) return true;
        if (error.status === 400 || error.status === 409) return false;
        throw error;
      }
    },

    /**
     * An agent that is never there: a job that no agent of its pool could ever take fails at once instead of waiting.
     * Its public key is made up, so that nobody can be it.
     */
    async addPlaceholder(pool: string, name: string, systemCapabilities: Capabilities): Promise<void> {
      const modulus = randomBytes(256);
      modulus.writeUInt8(modulus.readUInt8(0) | 0x80, 0);
      modulus.writeUInt8(modulus.readUInt8(255) | 1, 255);
      await call(`POST ${await pathOf(pool)}/agents?${VERSION}`, z.unknown(), {
        name,
        version: systemCapabilities["Agent.Version"],
        osDescription: "tartfleet: VMs come when jobs wait",
        maxParallelism: 1,
        authorization: { publicKey: { modulus: modulus.toString("base64"), exponent: "AQAB" } },
        systemCapabilities,
      });
    },
  };
}

export type Pools = ReturnType<typeof makePools>;
