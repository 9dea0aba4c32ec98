import type { Rates } from "../api/admission.ts";
import type { Rate } from "../api/bucket.ts";
import type { Settings } from "../config/settings.ts";
import type { Principal } from "../engine/use-cases.ts";

/** Bounds against peers that send too much, too slowly, or do not read. Bytes and milliseconds. */
export interface Limits extends Rates {
  /** In sum, and from one address. */
  connections: number;
  connectionsPerAddress: number;
  bodyBytes: number;
  /** For the request line and headers, and for the request as a whole. */
  headersMs: number;
  requestMs: number;
  /** How often the two above are checked. */
  checkMs: number;
  /** A connection on which nothing moves, longer than the longest long poll. */
  idleMs: number;
  keepAliveMs: number;
  /** Between two comments of an event stream. */
  streamBeatMs: number;
  /** New sockets, of all together; the others are told to come back. */
  newSocketRate: Rate;
  socketMessageBytes: number;
  /** What a socket's peer may leave unread. */
  socketUnreadBytes: number;
  /** Calls in one message of a socket, or in one batched request. */
  batchSize: number;
  /** Messages, calls in them and pings on all sockets of one caller; more is read later. */
  socketRates: Record<Principal["kind"], Rate>;
  socketPingMs: number;
  socketPongMs: number;
  /** For a VM's host to open a tunnel. */
  tunnelOpenMs: number;
  /** For a tunnel to carry nothing, and to be open. */
  tunnelIdleMs: number;
  tunnelMaxMs: number;
  /** At shutdown: for sockets to close, and for requests to finish. */
  socketCloseMs: number;
  drainMs: number;
}

export const LIMITS: Limits = {
  connections: 20_000,
  connectionsPerAddress: 5000,
  callRate: { burst: 4000, perSecond: 2000 },
  guestCallRate: { burst: 100, perSecond: 10 },
  failureRate: { burst: 50, perSecond: 0.5 },
  rememberedCallers: 50_000,
  bodyBytes: 256 * 1024,
  headersMs: 10_000,
  requestMs: 30_000,
  checkMs: 2000,
  idleMs: 660_000,
  keepAliveMs: 75_000,
  streamBeatMs: 15_000,
  newSocketRate: { burst: 500, perSecond: 500 },
  socketMessageBytes: 1024 * 1024,
  socketUnreadBytes: 1024 * 1024,
  batchSize: 100,
  socketRates: {
    token: { burst: 2000, perSecond: 1000 },
    // An agent beats every five seconds, and gathers what it reports while an answer is outstanding.
    host: { burst: 300, perSecond: 20 },
    vm: { burst: 100, perSecond: 10 },
  },
  socketPingMs: 10_000,
  socketPongMs: 5000,
  tunnelOpenMs: 15_000,
  tunnelIdleMs: 1_800_000,
  tunnelMaxMs: 86_400_000,
  socketCloseMs: 1000,
  drainMs: 5000,
};

/** The limits, with those that can be set. */
export function limitsOf(
  settings: Pick<
    Settings,
    | "maxConnections"
    | "maxConnectionsPerAddress"
    | "maxCallsPerSecond"
    | "tunnelIdleSeconds"
    | "tunnelMaxSeconds"
  >,
): Limits {
  const { maxConnections, maxConnectionsPerAddress, maxCallsPerSecond } = settings;
  return {
    ...LIMITS,
    connections: maxConnections,
    connectionsPerAddress: maxConnectionsPerAddress,
    callRate: { burst: 2 * maxCallsPerSecond, perSecond: maxCallsPerSecond },
    tunnelIdleMs: settings.tunnelIdleSeconds * 1000,
    tunnelMaxMs: settings.tunnelMaxSeconds * 1000,
  };
}
