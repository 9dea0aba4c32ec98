import { describe, expect, it } from "vitest";
import { live } from "../../src/api/live.ts";
import { untilAborted } from "../../src/api/streams.ts";

async function* count(): AsyncGenerator<number, void> {
  for (let n = 0; n < 3; n += 1) yield n;
}

async function* stuck(): AsyncGenerator<number, void> {
  yield 0;
  await new Promise(() => {});
}

async function collect(source: AsyncIterable<number>) {
  const seen = [];
  for await (const value of source) seen.push(value);
  return seen;
}

describe("live", () => {
  const access = { whenInvalid: () => () => {} };

  it("ends by an error at a shutdown, but simply ends when its source or its listener does", async () => {
    const shutdown = new AbortController();
    const ctx = { access, draining: shutdown.signal };
    expect(await collect(live(ctx, count, undefined))).toEqual([0, 1, 2]);
    const gone = new AbortController();
    const left = collect(live(ctx, stuck, gone.signal));
    gone.abort();
    expect(await left).toEqual([]);
    const cut = collect(live(ctx, stuck, undefined));
    shutdown.abort();
    await expect(cut).rejects.toMatchObject({ code: "shutting_down" });
  });
});

describe("untilAborted", () => {
  it("passes everything on and ends with its source", async () => {
    expect(await collect(untilAborted(count(), new AbortController().signal))).toEqual([0, 1, 2]);
  });

  it("ends at the signal even when its source never would", async () => {
    const stop = new AbortController();
    const seen = [];
    for await (const value of untilAborted(stuck(), stop.signal)) {
      seen.push(value);
      setImmediate(() => stop.abort());
    }
    expect(seen).toEqual([0]);
  });

  it("begins nothing when it is too late", async () => {
    expect(await collect(untilAborted(stuck(), AbortSignal.abort()))).toEqual([]);
  });

  it("passes a failure on, and lets its source clean up when its reader leaves", async () => {
    let cleaned = false;
    async function* failing(): AsyncGenerator<number, void> {
      try {
        yield 1;
        throw new Error("broken");
      } finally {
        cleaned = true;
      }
    }
    const { signal } = new AbortController();
    await expect(collect(untilAborted(failing(), signal))).rejects.toThrow("broken");
    cleaned = false;
    // oxlint-disable-next-line no-unreachable-loop
    for await (const value of untilAborted(failing(), signal)) {
      expect(value).toBe(1);
      break;
    }
    expect(cleaned).toBe(true);
  });
});
