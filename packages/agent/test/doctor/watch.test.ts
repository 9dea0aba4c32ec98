import type { Finding, FindingState } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { watch } from "../../src/doctor/watch.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

const HOUR = 3_600_000;
const disk = (state: FindingState, message = "So much is free."): Finding => ({
  code: "disk",
  state,
  message,
  cure: state === "ok" ? null : "tart prune",
});

/** A doctor whose looks find one after the other of these, and the last of them ever after. */
function watching(...looks: (Finding[] | Error | Promise<Finding[]>)[]) {
  const clock = createVirtualClock();
  const stop = new AbortController();
  const seen = { looks: 0, logged: [] as string[] };
  const write = (level: string) => (fields: object, message: string) => {
    seen.logged.push([level, ...Object.values(fields).slice(0, 2), message].join(" "));
  };
  const doctor = watch(
    {
      clock,
      log: { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") },
      async examine() {
        const found = looks[Math.min(seen.looks, looks.length - 1)] ?? [];
        seen.looks += 1;
        if (found instanceof Error) throw found;
        return found;
      },
    },
    stop.signal,
  );
  return { clock, stop, seen, doctor };
}

test("looks at once and then hourly, and says nothing of what is as it should be", async () => {
  const { clock, doctor, seen } = watching([disk("ok")]);
  expect(doctor.findings()).toBeUndefined();
  await clock.advance(0);
  expect(doctor.findings()).toEqual([disk("ok")]);
  await clock.advance(3 * HOUR);
  expect(seen).toEqual({ looks: 4, logged: [] });
});

test("a finding is logged when it changes, once, and its newest sentence is told", async () => {
  const { clock, doctor, seen } = watching(
    [disk("warning", "30 are free.")],
    [disk("warning", "29 are free.")],
    [disk("error", "2 are free.")],
    [disk("ok", "200 are free.")],
  );
  await clock.advance(0);
  expect(seen.logged).toEqual(["warn disk warning 30 are free."]);
  await clock.advance(300_000);
  expect(seen.logged).toHaveLength(1);
  expect(doctor.findings()).toMatchObject([{ message: "29 are free." }]);
  await clock.advance(600_000);
  expect(seen.logged.slice(1)).toEqual(["error disk error 2 are free.", "info disk ok 200 are free."]);
});

test("while something is wrong it looks every five minutes, so that a cure shows soon", async () => {
  const { clock, seen } = watching([disk("error")], [disk("error")], [disk("unknown")]);
  await clock.advance(600_000);
  expect(seen.looks).toBe(3);
  await clock.advance(HOUR - 1);
  expect(seen.looks).toBe(3);
  await clock.advance(1);
  expect(seen.looks).toBe(4);
});

test("a look that breaks leaves what was found, and the next one comes", async () => {
  const { clock, doctor, seen } = watching([disk("ok")], new Error("broken"), [disk("unknown")]);
  await clock.advance(HOUR);
  expect(doctor.findings()).toEqual([disk("ok")]);
  expect(seen.logged).toEqual(["error Error: broken the host could not be examined"]);
  await clock.advance(HOUR);
  expect(doctor.findings()).toEqual([disk("unknown")]);
});

test("what was cut off by the agent's end is not told", async () => {
  const late = Promise.withResolvers<Finding[]>();
  const { clock, stop, doctor, seen } = watching(late.promise);
  stop.abort();
  late.resolve([disk("error")]);
  await clock.advance(24 * HOUR);
  expect(doctor.findings()).toBeUndefined();
  expect(seen).toEqual({ looks: 1, logged: [] });
});
