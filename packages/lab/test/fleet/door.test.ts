import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { makeDoor, OPEN, SHUT } from "../support/door.ts";

let server: Server;
let url = "";
let asked = 0;

beforeAll(async () => {
  server = createServer((_request, response) => {
    asked += 1;
    response.end("here");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  url = `http://127.0.0.1:${address.port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const ask = async (through: string): Promise<string> => (await fetch(through)).text();

test("an open door passes on what is sent, both ways", async () => {
  await using door = await makeDoor();
  expect(await ask(door.to(url))).toBe("here");
});

test.each([
  { where: "on its way there", passage: { there: false, back: true }, heard: 0 },
  { where: "on its way back", passage: { there: true, back: false }, heard: 1 },
  { where: "both ways", passage: SHUT, heard: 0 },
])("what is shut in $where arrives when the door opens", async ({ passage, heard }) => {
  await using door = await makeDoor();
  door.to(url);
  door.set(passage);
  asked = 0;
  let isAnswered = false;
  const answer = ask(door.url).finally(() => (isAnswered = true));
  for (let asking = 0; asking < 20; asking += 1) await ask(url);
  await until("what is let there to be heard", () => asked === 20 + heard);
  expect(isAnswered).toBe(false);
  door.set(OPEN);
  expect(await answer).toBe("here");
});

test("a door that resets refuses until it is set again", async () => {
  await using door = await makeDoor();
  door.to(url);
  door.reset();
  await expect(ask(door.url)).rejects.toThrow("fetch failed");
  door.set(OPEN);
  expect(await ask(door.url)).toBe("here");
});
