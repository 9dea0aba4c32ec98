/** Bounds against peers that send too much, too slowly, or do not read. Bytes and milliseconds. */
export interface Limits {
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
  socketMessageBytes: number;
  /** What a socket's peer may leave unread. */
  socketUnreadBytes: number;
  /** Calls in one message of a socket, or in one batched request. */
  batchSize: number;
  /** Messages a socket may send at once, and for how many a second it may go on. */
  socketBurst: number;
  socketPerSecond: number;
  socketPingMs: number;
  socketPongMs: number;
  /** At shutdown: for sockets to close, and for requests to finish. */
  socketCloseMs: number;
  drainMs: number;
}

export const LIMITS: Limits = {
  bodyBytes: 256 * 1024,
  headersMs: 10_000,
  requestMs: 30_000,
  checkMs: 2000,
  idleMs: 660_000,
  keepAliveMs: 75_000,
  streamBeatMs: 15_000,
  socketMessageBytes: 1024 * 1024,
  socketUnreadBytes: 1024 * 1024,
  batchSize: 100,
  socketBurst: 2000,
  socketPerSecond: 1000,
  socketPingMs: 10_000,
  socketPongMs: 5000,
  socketCloseMs: 1000,
  drainMs: 5000,
};
