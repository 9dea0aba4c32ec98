import { mkdtemp, open, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { whenCut } from "../../src/process/cut-log.ts";

const MINUTE_MS = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a log that was packed is told once, one that was only renamed is still written", async () => {
  const dir = await mkdtemp(join(tmpdir(), "tartfleet-log-"));
  const log = await open(join(dir, "agent.log"), "a");
  const tell = vi.fn<() => void>();
  try {
    const end = whenCut(log.fd, tell);
    await rename(join(dir, "agent.log"), join(dir, "agent.log.0"));
    vi.advanceTimersByTime(MINUTE_MS);
    expect(tell).not.toHaveBeenCalled();
    await rm(join(dir, "agent.log.0"));
    vi.advanceTimersByTime(5 * MINUTE_MS);
    expect(tell).toHaveBeenCalledOnce();
    end();
  } finally {
    await log.close();
    await rm(dir, { recursive: true });
  }
});
