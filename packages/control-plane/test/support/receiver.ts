import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createWebhookSchema, type CreateWebhookInput } from "@tartfleet/shared";
import { expect, onTestFinished } from "vitest";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { ADMIN } from "../helpers/plane.ts";
import { startFleet } from "./fleet.ts";

/** One message, as it came. */
export interface Message {
  headers: IncomingHttpHeaders;
  text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into whatever came
  body: any;
}

/** How a receiver answers the n-th message (from 0): a status, more than that, or not at all. */
type Answer = number | "hang" | ((response: ServerResponse) => void);

/** A receiver of webhooks on loopback, which keeps what it is sent. */
export async function startReceiver(answer: (message: Message, n: number) => Answer = () => 200) {
  const got: Message[] = [];
  const behaviour = { answer };
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (part) => {
      text += part;
    });
    request.on("end", () => {
      const message = { headers: request.headers, text, body: JSON.parse(text) };
      got.push(message);
      const what = behaviour.answer(message, got.length - 1);
      if (typeof what === "function") what(response);
      else if (what !== "hang") response.writeHead(what).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook/secret-path`,
    got,
    /** From now on. */
    answers(next: (message: Message, n: number) => Answer) {
      behaviour.answer = next;
    },
    types: () => got.map(({ body }) => body.type as string),
  };
}

/** A fleet that is to end without an error. */
export async function startSoundFleet(database = openMemoryDatabase()) {
  const fleet = await startFleet({ database });
  onTestFinished(() => {
    expect(fleet.errors).toEqual([]);
    fleet.close();
  });
  return fleet;
}

/** A webhook of an admin's; of all that happens to VMs where nothing else is said. */
export function hook(
  fleet: Awaited<ReturnType<typeof startSoundFleet>>,
  webhook: Partial<CreateWebhookInput> & { url: string },
) {
  const parsed = createWebhookSchema.parse({ name: "ops", events: ["vm.*"], ...webhook });
  return fleet.useCases.createWebhook(ADMIN, parsed);
}
