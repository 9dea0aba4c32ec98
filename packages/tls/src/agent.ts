import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent, type RequestOptions } from "node:https";
import type { Duplex } from "node:stream";
import { connect, type ConnectionOptions } from "node:tls";
import { pinOf, PinMismatchError } from "./pin.ts";
import type { Trust } from "./trust.ts";

const MIN_VERSION = "TLSv1.2";
const HANDSHAKE_MS = 10_000;

/** The agent that all connections to a control plane are made by; each call gets a connection of its own. */
export function agentFor(url: string | URL, { pin, ca }: Trust): HttpAgent {
  if (new URL(url).protocol === "http:") return new HttpAgent();
  if (pin !== undefined) return new PinnedAgent(pin);
  return new HttpsAgent({ minVersion: MIN_VERSION, ...(ca === undefined ? {} : { ca }) });
}

/**
 * Hands a connection over once the peer has proved that it holds the pinned key; before that nothing is
 * written. The handshake is that proof, whoever signed the certificate: both sides sign what they said.
 */
class PinnedAgent extends HttpsAgent {
  readonly #pin: string;

  constructor(pin: string) {
    super();
    this.#pin = pin;
  }

  override createConnection(
    options: RequestOptions & ConnectionOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const socket = connect({ ...options, minVersion: MIN_VERSION, rejectUnauthorized: false });
    const done = (error: Error | null) => {
      socket.off("error", done).off("timeout", onTimeout);
      socket.setTimeout(0);
      if (error) socket.on("error", () => {}).destroy();
      callback?.(error, socket);
    };
    const onTimeout = () =>
      done(Object.assign(new Error("the TLS handshake took too long"), { code: "ETIMEDOUT" }));
    socket.setTimeout(HANDSHAKE_MS);
    socket.once("error", done).once("timeout", onTimeout);
    socket.once("secureConnect", () => {
      const key = socket.getPeerX509Certificate()?.publicKey;
      const actual = key === undefined ? "none" : pinOf(key);
      done(actual === this.#pin ? null : new PinMismatchError(this.#pin, actual));
    });
  }
}
