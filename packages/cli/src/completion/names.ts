import { isTerminal, VM_STATES } from "@tartfleet/shared";
import type { Client } from "../api/client.ts";
import type { Candidate, Names } from "./complete.ts";

/** A person waits at the keyboard. */
const WITHIN_MS = 1500;
const MOST = 200;

const living = VM_STATES.filter((state) => !isTerminal(state)).join(",");

/** The names as the control plane has them now; none when it does not answer soon, whatever the reason. */
export async function askForNames(connect: () => Client, names: Names): Promise<Candidate[]> {
  const { promise: tooLate, resolve } = Promise.withResolvers<Candidate[]>();
  const timer = setTimeout(() => resolve([]), WITHIN_MS);
  try {
    const found = await Promise.race([ask(connect(), names), tooLate]);
    return found.slice(0, MOST);
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
}

async function ask(client: Client, names: Names): Promise<Candidate[]> {
  switch (names) {
    case "vms": {
      const { vms } = await client.listVms({ state: living }, { limit: MOST });
      return vms.map(({ id, name, state }) => ({ value: id, description: `${name}, ${state}` }));
    }
    case "hosts":
      return (await client.listHosts()).map(({ name, connected }) => ({
        value: name,
        description: connected ? "connected" : "silent",
      }));
    case "images":
      return (await client.listImages()).map(({ reference, hosts }) => ({
        value: reference,
        description: `on ${hosts} hosts`,
      }));
    case "imagesAndChannels": {
      const [images, channels] = await Promise.all([ask(client, "images"), ask(client, "channels")]);
      return [
        ...channels.map(({ value, description }) => ({ value: `channel:${value}`, description })),
        ...images,
      ];
    }
    case "channels":
      return (await client.listChannels()).map(({ name, image }) => ({ value: name, description: image }));
    case "pools":
      return (await client.listPools()).map(({ name, image }) => ({ value: name, description: image }));
    case "teams":
      return (await client.listTeams()).map(({ name }) => ({ value: name, description: "" }));
    case "webhooks":
      return (await client.listWebhooks()).map(({ name, url }) => ({ value: name, description: url }));
    case "tokens":
      return (await client.listTokens()).map(({ id, name, role }) => ({
        value: id,
        description: `${name}, ${role}`,
      }));
    case "plans":
      return (await client.listImagePlans()).map(({ id, kind, image }) => ({
        value: id,
        description: `${kind} of ${image}`,
      }));
    default:
      return names satisfies never;
  }
}
