import type {
  Answer,
  CallFailure,
  Connection,
  ControlPlane,
} from "@tartfleet/agent/src/link/control-plane.ts";
import { failed, ok } from "@tartfleet/agent/src/tart/result.ts";
import type { HostCaller, UseCases } from "@tartfleet/control-plane/src/engine/use-cases.ts";
import { bootstrapSchema, CallError, helloSchema, reportsSchema, reveal } from "@tartfleet/shared";
import type { Process } from "../world/process.ts";
import type { ControlPlaneSite, Serving } from "./control-plane.ts";
import { createSocket, type Socket, type Sockets } from "./socket.ts";
import type { World } from "./world.ts";

const HANDSHAKE_MS = 10_000;

export interface LinkParts {
  world: World;
  site: ControlPlaneSite;
  /** The agent's. */
  process: Process;
  /** The agent's host, as the network knows it. */
  place: string;
  credential: () => string;
  sockets: Sockets;
  /** Until when its reports may come a second time. */
  repeatsUntil: () => number;
}

const lost = (message: string): CallFailure => ({ kind: "lost", message });

/** The way from an agent to the control plane, over simulated sockets; what trpc-control-plane.ts is in production. */
export function simulatedLink(parts: LinkParts): ControlPlane {
  const { world, site, process, place, credential, sockets } = parts;
  const { timeline, network } = world;

  async function connect(signal: AbortSignal): Promise<Answer<Connection>> {
    await timeline.sleep(network.delay(place, "control-plane") * 2);
    if (signal.aborted) return failed(lost("cut off"));
    const isCut =
      network.cutUntil(place, "control-plane") > timeline.now() ||
      network.cutUntil("control-plane", place) > timeline.now();
    if (isCut) {
      await timeline.sleep(HANDSHAKE_MS);
      return failed(lost("the handshake took too long"));
    }
    const server = site.serving();
    if (!server) return failed(lost("connection refused"));
    const accepted = await accept(server);
    if (!accepted) return failed(lost("the handshake took too long"));
    const principal = server.useCases.authenticate(credential());
    if (principal?.kind !== "host")
      return failed({ kind: "refused", status: 401, retryAfterMs: 0, message: "401" });
    const socket = createSocket({ world, server, client: process, place, sockets });
    return ok(connectionOn(parts, server, { principal, requestId: place, address: place }, socket, signal));
  }

  /** A stopped control plane's kernel accepts, but nobody answers. */
  function accept(server: Serving): Promise<boolean> {
    return new Promise((resolve) => {
      timeline.after(HANDSHAKE_MS, () => resolve(false));
      server.process.deliver(() => resolve(true));
    });
  }

  return { connect: (signal) => process.ask(() => connect(signal)) };
}

function connectionOn(
  parts: LinkParts,
  server: Serving,
  caller: HostCaller,
  socket: Socket,
  signal: AbortSignal,
): Connection {
  const { world, process, repeatsUntil } = parts;
  const { timeline, counts } = world;
  const random = world.random.stream(`link ${caller.principal.hostName} ${timeline.now()}`);
  const { agent } = server.useCases;
  const closed = new Promise<CallFailure>((resolve) => {
    socket.onClosed((why) => process.deliver(() => resolve(lost(why))));
  });
  if (signal.aborted) socket.close();
  else signal.addEventListener("abort", () => socket.close(), { once: true });

  /** One call there, and its answer back. */
  function call<T>(signal: AbortSignal, act: (agent: UseCases["agent"]) => Promise<T>): Promise<Answer<T>> {
    return process.ask(
      () =>
        new Promise<Answer<T>>((resolve) => {
          socket.onClosed((why) => resolve(failed(lost(why))));
          signal.addEventListener("abort", () => resolve(failed(lost("it took too long"))), { once: true });
          socket.up.send(() =>
            server.process.deliver(() => {
              void answerOf(world, server, () => act(agent)).then((answer) => {
                if (server.process.isAlive()) socket.down.send(() => resolve(answer));
              });
            }),
          );
        }),
    );
  }

  return {
    closed,
    close: () => socket.close(),
    hello: (hello, signal) =>
      call(signal, (agent) => {
        const said = helloSchema.parse(structuredClone(hello));
        const stolen = world.loot.hosts.get(caller.principal.hostName);
        if (stolen) stolen.hello = said;
        return agent.hello(caller, said);
      }),
    heartbeat: (epoch, facts, signal) =>
      call(signal, (agent) => agent.heartbeat(caller, epoch, structuredClone({ facts }))),
    resolved: (epoch, reference, answer, signal) =>
      call(signal, (agent) => agent.resolved(caller, epoch, reference, structuredClone(answer))),
    async bootstrap(epoch, attempt, signal) {
      const answer = await call(signal, async (agent) => {
        const bootstrap = await agent.bootstrap(caller, epoch, structuredClone(attempt));
        world.ledger.handedOut.push({ hostName: caller.principal.hostName, ...attempt });
        return reveal(bootstrap);
      });
      return answer.ok ? ok(bootstrapSchema.parse(answer.value)) : answer;
    },
    report(epoch, reports, signal) {
      const sent = structuredClone([...reports]);
      if (timeline.now() < repeatsUntil() && random.chance(0.3)) {
        counts.count("report repeated late");
        timeline.after(random.between(0, 30_000), () =>
          server.process.deliver(() => {
            agent.report(caller, epoch, sent).catch(() => undefined);
          }),
        );
      }
      return call(signal, (agent) => {
        const parsed = reportsSchema.safeParse({ epoch, reports: sent });
        if (!parsed.success) throw new CallError("invalid_request", parsed.error.message);
        return agent.report(caller, epoch, parsed.data.reports);
      });
    },
    assignments: (epoch, onSet, signal) =>
      process.ask(
        () =>
          new Promise<CallFailure>((resolve) => {
            socket.onClosed((why) => resolve(lost(why)));
            const stop = new AbortController();
            socket.onServerEnd(() => stop.abort());
            const send = async () => {
              server.subscriptions.add(stop);
              try {
                for await (const set of agent.assignments(caller, epoch, stop.signal)) {
                  if (!server.process.isAlive()) return;
                  const copy = structuredClone(set);
                  socket.down.send(() =>
                    process.deliver(() => {
                      if (socket.isOpen() && !signal.aborted) onSet(copy);
                    }),
                  );
                }
              } finally {
                server.subscriptions.delete(stop);
              }
              throw new CallError("session_fenced", "The session is over; say hello again");
            };
            socket.up.send(() =>
              server.process.deliver(() => {
                void answerOf(world, server, send).then((answer) => {
                  if (answer.ok || !server.process.isAlive()) return;
                  socket.down.send(() => resolve(answer.failure));
                });
              }),
            );
          }),
      ),
  };
}

async function answerOf<T>(world: World, server: Serving, act: () => Promise<T>): Promise<Answer<T>> {
  try {
    return ok(structuredClone(await act()));
  } catch (error) {
    if (error instanceof CallError)
      return failed({ kind: "problem", code: error.code, message: error.message });
    // What fails in a process that dies meanwhile is nobody's business.
    if (server.process.isAlive())
      world.fail({ invariant: "stays-up", message: `a call of an agent failed: ${String(error)}` });
    return failed({ kind: "problem", code: "internal", message: String(error) });
  }
}
