import type { AgentParts } from "@tartfleet/agent/src/agent.ts";
import type { Connection } from "@tartfleet/agent/src/link/control-plane.ts";
import { ok } from "@tartfleet/agent/src/tart/result.ts";
import type { UseCases } from "@tartfleet/control-plane/src/engine/use-cases.ts";
import type { Store } from "@tartfleet/control-plane/src/store/store.ts";
import type { Plan } from "../plan/plan.ts";
import { NO_BUGS, type Bugs } from "./bugs.ts";

/** A bug that is planted in a run, to see that it is found. */
export interface Mutation {
  /** What is wrong. */
  name: string;
  bugs: Bugs;
  /** What brings it to light when chance seldom does. */
  plan?: Plan;
}

export const mutation = (name: string, bugs: Partial<Bugs>): Mutation => ({
  name,
  bugs: { ...NO_BUGS, ...bugs },
});

export const inStore = (name: string, change: (store: Store) => Partial<Store>): Mutation =>
  mutation(name, { store: (store) => ({ ...store, ...change(store) }) });

export const inConfig = (name: string, changes: Partial<Parameters<Bugs["config"]>[0]>): Mutation =>
  mutation(name, { config: (config) => ({ ...config, ...changes }) });

export const inUseCases = (name: string, change: (useCases: UseCases) => Partial<UseCases>): Mutation =>
  mutation(name, { useCases: (useCases) => ({ ...useCases, ...change(useCases) }) });

type AgentUseCases = UseCases["agent"];
export const atAgentsDoor = (
  name: string,
  change: (agent: AgentUseCases) => Partial<AgentUseCases>,
): Mutation => inUseCases(name, ({ agent }) => ({ agent: { ...agent, ...change(agent) } }));

export const inAgent = (name: string, change: (parts: AgentParts) => Partial<AgentParts>): Mutation =>
  mutation(name, { agent: (parts) => ({ ...parts, ...change(parts) }) });

type Tart = AgentParts["tart"];
export const inTart = (name: string, change: (tart: Tart) => Partial<Tart>): Mutation =>
  inAgent(name, ({ tart }) => ({ tart: overlaid(tart, change(tart)) }));

type Guests = AgentParts["guests"];
export const inGuests = (name: string, change: (guests: Guests) => Partial<Guests>): Mutation =>
  inAgent(name, ({ guests }) => ({ guests: overlaid(guests, change(guests)) }));

type Journal = AgentParts["journal"];
export const inJournal = (name: string, change: (parts: AgentParts) => Partial<Journal>): Mutation =>
  inAgent(name, (parts) => ({ journal: overlaid(parts.journal, change(parts)) }));

export const inConnection = (
  name: string,
  change: (connection: Connection) => Partial<Connection>,
): Mutation =>
  inAgent(name, ({ controlPlane }) => ({
    controlPlane: {
      async connect(signal) {
        const connected = await controlPlane.connect(signal);
        return connected.ok ? ok(overlaid(connected.value, change(connected.value))) : connected;
      },
    },
  }));

/** A process's ports are proxies, which cannot be spread. */
function overlaid<T extends object>(thing: T, over: Partial<T>): T {
  return new Proxy(thing, {
    get: (target, key, receiver) => Reflect.get(key in over ? over : target, key, receiver) as unknown,
  });
}
