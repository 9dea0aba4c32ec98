import { createHmac, randomUUID } from "node:crypto";
import { Refusal } from "./http.ts";
import type { Jobs, SimJob } from "./jobs.ts";
import { jobShown } from "./rest.ts";

export interface Delivery {
  id: number;
  /** The same in each delivery of the event. */
  guid: string;
  deliveredAt: string;
  redelivery: boolean;
  action: string;
  payload: object;
  /** What the receiver answered; 0: nobody did. */
  statusCode: number;
}

/** Brings a webhook to its receiver, and answers with the status. Throws where nobody is there. */
export type Deliver = (headers: Record<string, string>, body: string) => Promise<number>;

/** The App's webhook: signs, delivers once, and keeps what it sent, as GitHub does for three days. */
export function makeHook(jobs: Jobs, secret: string) {
  const kept: Delivery[] = [];
  let deliver: Deliver | undefined;
  let lastId = 0;
  const underWay = new Set<Promise<void>>();

  function begin(guid: string, action: string, payload: object, redelivery: boolean): Delivery {
    const delivery: Delivery = {
      id: (lastId += 1),
      guid,
      deliveredAt: new Date().toISOString(),
      redelivery,
      action,
      payload,
      statusCode: 0,
    };
    kept.push(delivery);
    const sent = send(delivery).finally(() => underWay.delete(sent));
    underWay.add(sent);
    return delivery;
  }

  async function send(delivery: Delivery): Promise<void> {
    if (!deliver) return;
    const body = JSON.stringify(delivery.payload);
    delivery.statusCode = await deliver(headersOf(delivery, body), body).catch(() => 0);
  }

  const headersOf = ({ guid }: Delivery, body: string): Record<string, string> => ({
    "content-type": "application/json",
    "user-agent": "GitHub-Hookshot/stand-in",
    "x-github-event": "workflow_job",
    "x-github-delivery": guid,
    "x-github-hook-installation-target-type": "integration",
    "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`,
  });

  jobs.onChange((job, action) => begin(randomUUID(), action, payloadOf(job, action), false));

  const required = (id: number): Delivery => {
    const found = kept.find((delivery) => delivery.id === id);
    if (!found) throw new Refusal(404, "Not Found");
    return found;
  };

  return {
    secret,
    headersOf,
    /** Who gets them from now on; undefined: they are lost, and only listed. */
    to: (receiver: Deliver | undefined) => void (deliver = receiver),
    deliveries: () => kept,
    required,
    redeliver(id: number): void {
      const { guid, action, payload } = required(id);
      begin(guid, action, payload, true);
    },
    /** When all that were begun are over. */
    settled: async (): Promise<void> => void (await Promise.all(underWay)),
    summaryOf: ({ id, guid, deliveredAt, redelivery, action, statusCode }: Delivery) => ({
      id,
      guid,
      delivered_at: deliveredAt,
      redelivery,
      duration: 0.1,
      status:
        statusCode === 0 ? "failed to connect to host" : statusCode < 300 ? "OK" : "Invalid HTTP Response",
      status_code: statusCode,
      event: "workflow_job",
      action,
      installation_id: 456,
      repository_id: 1,
    }),
    detailsOf(delivery: Delivery) {
      return { ...this.summaryOf(delivery), request: { headers: {}, payload: delivery.payload } };
    },
  };
}

export type Hook = ReturnType<typeof makeHook>;

function payloadOf(job: SimJob, action: string): object {
  const [owner = "", name = ""] = job.repository.split("/");
  return {
    action,
    workflow_job: structuredClone(jobShown(job)),
    repository: { id: 1, name, full_name: job.repository, owner: { login: owner } },
    organization: { login: owner },
    installation: { id: 456 },
    sender: { login: "octocat" },
  };
}
