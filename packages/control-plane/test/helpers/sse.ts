import { request } from "node:http";
import type { IncomingMessage } from "node:http";

interface SseEvent {
  id: string;
  event: string;
  data: { type: string; state: string; id: number };
}

/** An event stream as it comes in. */
export interface SseStream {
  response: IncomingMessage;
  /** Complete events so far. */
  events(): SseEvent[];
  text(): string;
  ended: Promise<void>;
  cut(): void;
}

export function openStream(
  url: string,
  token: string,
  headers: Record<string, string> = {},
): Promise<SseStream> {
  const { promise, resolve, reject } = Promise.withResolvers<SseStream>();
  const outgoing = request(url, {
    agent: false,
    headers: { authorization: `Bearer ${token}`, accept: "text/event-stream", ...headers },
  });
  outgoing.on("error", reject);
  outgoing.on("response", (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (part: string) => {
      text += part;
    });
    response.on("error", () => {});
    const ended = new Promise<void>((done) => {
      response.on("close", () => done());
    });
    resolve({ response, events: () => parse(text), text: () => text, ended, cut: () => outgoing.destroy() });
  });
  outgoing.end();
  return promise;
}

function parse(text: string): SseEvent[] {
  return text
    .split("\n\n")
    .slice(0, -1)
    .filter((block) => !block.startsWith(":"))
    .map((block) => {
      const lines = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s)));
      return { id: lines.id, event: lines.event, data: JSON.parse(lines.data) };
    });
}
