import { connect } from "node:net";

/** Servers close what has been idle for 5 s (Node's keepAliveTimeout); not to race with that. */
const IDLE_MS = 3000;
/** Nobody waits so long for an answer. */
const SILENT_MS = 120_000;
const HEAD_END = Buffer.from("\r\n\r\n");

interface Reply {
  status: number;
  text: string;
}

/** One kept-alive HTTP/1.1 connection, for one request at a time. */
export interface Connection {
  /** @throws when the connection ends before the whole reply is there */
  send(request: Buffer): Promise<Reply>;
  /** Whether another request may be sent. */
  isUsable(): boolean;
  close(): void;
}

/**
 * As little as a client can do, so that a load is not what is measured: an HTTP library takes several times the
 * processor time. Replies must say their length, as those of both sides do.
 */
export function openConnection({ hostname, port }: URL): Connection {
  const socket = connect(Number(port), hostname).setNoDelay();
  let waiting: PromiseWithResolvers<Reply> | undefined;
  let received: Buffer[] = [];
  let length = 0;
  /** Where the body begins, and the whole reply's length, once its head is there. */
  let head: { status: number; bodyAt: number; total: number } | undefined;
  let isOpen = true;
  let idleSince = performance.now();

  function fail(error: Error): void {
    isOpen = false;
    socket.destroy();
    waiting?.reject(error);
    waiting = undefined;
  }

  socket.on("data", (part) => {
    received.push(part);
    length += part.length;
    if (!head) {
      const whole = Buffer.concat(received);
      received = [whole];
      head = headOf(whole);
      if (head && Number.isNaN(head.total)) return fail(new Error("a reply does not say its length"));
    }
    if (!head || length < head.total) return;
    const { status, bodyAt } = head;
    const text = Buffer.concat(received).toString("utf8", bodyAt);
    const { resolve } = waiting ?? {};
    [received, length, head, waiting] = [[], 0, undefined, undefined];
    idleSince = performance.now();
    resolve?.({ status, text });
  });
  socket.setTimeout(SILENT_MS, () => fail(new Error(`no answer for ${SILENT_MS / 1000} s`)));
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("the connection was closed")));

  return {
    send(request) {
      waiting = Promise.withResolvers();
      socket.write(request);
      return waiting.promise;
    },
    isUsable: () => isOpen && performance.now() - idleSince < IDLE_MS,
    close: () => void socket.destroy(),
  };
}

/** @returns undefined while the head is not whole */
function headOf(bytes: Buffer): { status: number; bodyAt: number; total: number } | undefined {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return undefined;
  const text = bytes.toString("latin1", 0, end);
  const bodyAt = end + HEAD_END.length;
  const total = bodyAt + Number(/^content-length: *(\d+)$/im.exec(text)?.[1]);
  return { status: Number(text.slice(9, 12)), bodyAt, total };
}
