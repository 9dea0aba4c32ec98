import type { ImageWork } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { gone, assignment, IMAGE } from "../support/assignments.ts";
import { startAgent } from "../support/fake-agent.ts";
import { createWorld, PULL_BYTES } from "../support/fake-world.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

const OTHER = "ghcr.io/org/other:2";
const THIRD = "ghcr.io/org/third:3";

function scene(pulled?: { names: readonly string[] }) {
  const clock = createVirtualClock();
  const world = createWorld(clock);
  const agent = startAgent(world, new Map(), pulled ? { pulled } : {});
  agent.connect();
  return { clock, world, agent, told: () => agent.views.at(-1) };
}

const work = (pull: string[], remove: string[] = [], grant = 1): ImageWork => ({
  pull: pull.map((reference) => ({ reference, grant })),
  remove: remove.map((reference) => ({ reference, grant })),
});
const pullsIn = (acts: readonly string[]) => acts.filter((act) => act.startsWith("pull"));

test("images are fetched in the background, one at a time, with their progress, and are the agent's own", async () => {
  const { clock, world, agent, told } = scene();
  world.images.add(THIRD);
  agent.wantImages(work([IMAGE, OTHER]));
  await clock.until("both", () => world.images.has(IMAGE) && world.images.has(OTHER));
  expect(world.acts).toEqual([`pull ${IMAGE}`, `pulled ${IMAGE}`, `pull ${OTHER}`, `pulled ${OTHER}`]);
  await clock.advance(4000);
  expect(agent.views.flatMap(({ pulls }) => pulls)).toContainEqual({
    reference: OTHER,
    percent: expect.any(Number),
    totalBytes: PULL_BYTES,
  });
  expect(told()?.images.map(({ reference }) => reference)).toEqual([THIRD, IMAGE, OTHER]);
  expect(told()?.ownImages).toEqual(new Set([IMAGE, OTHER]));
  await agent.stop();
});

test("a VM that needs the image shares its pull, and an image that a VM fetched is the agent's own, too", async () => {
  const { clock, world, agent, told } = scene();
  agent.wantImages(work([IMAGE]));
  await clock.until("it to begin", () => world.acts.length > 0);
  agent.want(assignment(1));
  await clock.until("the VM", () => world.vms.size > 0);
  expect(pullsIn(world.acts)).toEqual([`pull ${IMAGE}`, `pulled ${IMAGE}`]);
  await clock.advance(4000);
  expect(told()?.ownImages).toEqual(new Set([IMAGE]));
  await agent.stop();
});

test("a VM that needs another image does not wait: the pull in the background gives way and comes again", async () => {
  const { clock, world, agent } = scene();
  world.pullMs = 60_000;
  agent.wantImages(work([OTHER]));
  await clock.until("it to begin", () => world.acts.length > 0);
  agent.want(assignment(1));
  await clock.until("both", () => world.images.has(OTHER));
  expect(pullsIn(world.acts)).toEqual([
    `pull ${OTHER}`,
    `pull ${IMAGE}`,
    `pulled ${IMAGE}`,
    `pull ${OTHER}`,
    `pulled ${OTHER}`,
  ]);
  await agent.stop();
});

test("a failure is told under its grant, holds up no other image, and is tried again under another grant", async () => {
  const { clock, world, agent, told } = scene();
  world.faults.set("pull", ["NO_IMAGE"]);
  agent.wantImages(work([IMAGE, OTHER]));
  await clock.until("the other", () => world.images.has(OTHER));
  await clock.advance(60_000);
  expect(pullsIn(world.acts)).toEqual([`pull ${IMAGE}`, `pull ${OTHER}`, `pulled ${OTHER}`]);
  expect(told()?.imageFailures).toMatchObject([
    { work: "pull", reference: IMAGE, grant: 1, code: "image_not_found" },
  ]);
  agent.wantImages(work([IMAGE], [], 2));
  await clock.until("it", () => world.images.has(IMAGE));
  await clock.advance(4000);
  expect(told()?.imageFailures).toEqual([]);
  await agent.stop();
});

test("a pull that nobody wants any more is cut off", async () => {
  const { clock, world, agent, told } = scene();
  world.pullMs = 60_000;
  agent.wantImages(work([IMAGE]));
  await clock.until("it to begin", () => world.acts.length > 0);
  agent.wantImages(work([]));
  await clock.advance(120_000);
  expect(world.images.size).toBe(0);
  expect(told()?.pulls).toEqual([]);
  await agent.stop();
});

test("what is named is removed, but never what a VM of the host was made from", async () => {
  const { clock, world, agent } = scene();
  const vm = assignment(1);
  agent.want(vm);
  await clock.until("the VM", () => world.vms.size > 0);
  for (const image of [OTHER, THIRD]) world.images.add(image);
  agent.wantImages(work([], [IMAGE, OTHER]));
  await clock.until("one", () => !world.images.has(OTHER));
  await clock.advance(60_000);
  expect([...world.images]).toEqual([IMAGE, THIRD]);
  agent.want(gone(vm));
  await clock.until("its end", () => world.vms.size === 0);
  agent.want();
  await clock.until("the other", () => !world.images.has(IMAGE));
  await agent.stop();
});

test("whose an image is outlives the agent; what people fetch stays theirs", async () => {
  const pulled = { names: [] as readonly string[] };
  const first = scene(pulled);
  first.agent.wantImages(work([IMAGE]));
  await first.clock.until("it", () => pulled.names.length > 0);
  await first.agent.stop();
  const second = scene(pulled);
  for (const image of [IMAGE, OTHER]) second.world.images.add(image);
  await second.clock.until("a look", () => second.told() !== undefined);
  expect(second.told()?.ownImages).toEqual(new Set([IMAGE]));
  second.agent.wantImages(work([], [IMAGE]));
  await second.clock.until("its removal", () => pulled.names.length === 0);
  await second.agent.stop();
});
