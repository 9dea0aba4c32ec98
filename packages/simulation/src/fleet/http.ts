import { CALL_ERRORS, CallError } from "@tartfleet/shared";
import type { UseCases } from "@tartfleet/control-plane/src/engine/use-cases.ts";
import type { Place } from "../world/network.ts";
import type { ControlPlaneSite, Serving } from "./control-plane.ts";
import type { World } from "./world.ts";

interface HttpAnswer<T> {
  status: number;
  body?: T;
}

/** Requests of guests and clients, each on a connection of its own. */
export interface Http {
  /** Undefined when no answer came within the time: the request may have been carried out. */
  request<T>(
    from: Place,
    timeoutMs: number,
    act: (useCases: UseCases) => Promise<T>,
  ): Promise<HttpAnswer<T> | undefined>;
  /** For a while some requests and answers get lost, and some requests come twice, the second one late. */
  trouble(until: number): void;
}

const CONTROL_PLANE: Place = "control-plane";
const LATEST_MS = 20_000;

export function createHttp(world: World, site: ControlPlaneSite): Http {
  const { timeline, network, counts } = world;
  const random = world.random.stream("http");
  let troubledUntil = 0;

  async function statusOf<T>(server: Serving, act: () => Promise<T>): Promise<HttpAnswer<T>> {
    try {
      return { status: 200, body: await act() };
    } catch (error) {
      if (error instanceof CallError) return { status: CALL_ERRORS[error.code].status };
      // What fails in a process that dies meanwhile is nobody's business.
      if (server.process.isAlive())
        world.fail({ invariant: "stays-up", message: `a request failed: ${String(error)}` });
      return { status: 500 };
    }
  }

  return {
    request<T>(from: Place, timeoutMs: number, act: (useCases: UseCases) => Promise<T>) {
      return new Promise<HttpAnswer<T> | undefined>((resolve) => {
        const cancel = timeline.after(timeoutMs, () => resolve(undefined));
        const troubled = timeline.now() < troubledUntil;
        const answer = (result: HttpAnswer<T> | undefined) => {
          cancel();
          resolve(result);
        };
        const arrive = () => {
          if (network.cutUntil(from, CONTROL_PLANE) > timeline.now()) return;
          const server = site.serving();
          // Nobody listens: the connection is refused at once.
          if (!server)
            return void timeline.after(network.delay(CONTROL_PLANE, from), () => answer(undefined));
          server.process.deliver(() => {
            void statusOf(server, () => act(server.useCases)).then((result) => {
              if (!server.process.isAlive()) return;
              const isLost =
                network.cutUntil(CONTROL_PLANE, from) > timeline.now() || (troubled && random.chance(0.2));
              if (!isLost) timeline.after(network.delay(CONTROL_PLANE, from), () => answer(result));
            });
          });
        };
        if (troubled && random.chance(0.2)) {
          counts.count("request repeated late");
          timeline.after(random.between(0, LATEST_MS), arrive);
        }
        if (troubled && random.chance(0.15)) counts.count("request lost");
        else timeline.after(network.delay(from, CONTROL_PLANE), arrive);
      });
    },
    trouble(until) {
      troubledUntil = Math.max(troubledUntil, until);
    },
  };
}
