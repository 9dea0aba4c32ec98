import type { lookup } from "node:dns";
import { expect, test } from "vitest";
import { makePost } from "../../src/outgoing/post.ts";
import { startReceiver } from "../support/receiver.ts";

const request = (url: string) => ({
  url: new URL(url),
  headers: { "content-type": "application/json" },
  body: "{}",
  signal: AbortSignal.timeout(5000),
});

/** Names stand for what the test says. */
const namesFor = (...addresses: string[]) =>
  ((_name: string, _options: unknown, call: (error: null, found: unknown) => void) =>
    call(
      null,
      addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    )) as typeof lookup;

test("a name that stands for an address of a private network is not connected to", async () => {
  const receiver = await startReceiver();
  const port = new URL(receiver.url).port;
  const post = makePost(false, namesFor("127.0.0.1", "::1"));
  await expect(post(request(`https://rebound.example.com:${port}/`))).rejects.toThrow(
    "rebound.example.com is an address of a private network",
  );
  await expect(post(request(receiver.url))).rejects.toThrow("must be an https URL");
  expect(receiver.got).toEqual([]);
});

test("where private networks are allowed it is, and what it answers is cut", async () => {
  const receiver = await startReceiver(() => (response) => response.writeHead(200).end("y".repeat(50_000)));
  const answer = await makePost(true)(request(receiver.url));
  expect(answer).toMatchObject({ status: 200, retryAfter: undefined });
  expect(answer.text).toBe("y".repeat(1024));
});

test("an answer that breaks off, and a receiver that is not there, are failures", async () => {
  const receiver = await startReceiver(() => (response) => {
    response.writeHead(200, { "content-length": "100" });
    response.flushHeaders();
    setImmediate(() => response.destroy());
  });
  await expect(makePost(true)(request(receiver.url))).rejects.toThrow();
  await expect(makePost(true)(request("http://127.0.0.1:1/"))).rejects.toThrow(/ECONNREFUSED/);
});
