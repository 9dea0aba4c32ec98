import { expect, it } from "vitest";
import { makeAudience } from "../../src/engine/audience.ts";

it("tells everybody the same thing, and who was late of all that was missed at once", async () => {
  const stop = new AbortController();
  const audience = makeAudience<{ said: string }>((older, newer) => ({ said: older.said + newer.said }));
  const [prompt, other, late] = [
    audience.sit(stop.signal),
    audience.sit(stop.signal),
    audience.sit(stop.signal),
  ];
  const first = { said: "a" };
  audience.tell(first);
  expect(await prompt.next()).toBe(first);
  expect(await other.next()).toBe(first);
  expect(Object.isFrozen(first)).toBe(true);
  audience.tell({ said: "b" });
  expect(await late.next()).toEqual({ said: "ab" });
  expect(await prompt.next()).toEqual({ said: "b" });

  const waiting = prompt.next();
  stop.abort();
  expect(await waiting).toBeUndefined();
  for (const seat of [prompt, other, late]) seat.leave();
  expect(audience.isEmpty()).toBe(true);
});
