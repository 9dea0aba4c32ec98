import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeExecGuest } from "../../src/guest/exec-guest.ts";
import { makeCredentialSource } from "../../src/registry/credentials.ts";
import { makeTart } from "../../src/tart/index.ts";
import { parseDetails, parseDigest, parseIp, parseListing, parsePercent } from "../../src/tart/parse.ts";
import { parsePs } from "../../src/tart/process-identity.ts";
import { readRunEnd } from "../../src/tart/run-end.ts";
import { TART_LIMITS } from "../../src/tart/config.ts";
import { RUN_END_CAUSES } from "@tartfleet/shared";

/** As releases of tart print them. */
const LIST = `[
  {
    "Accessed" : "2026-11-01T10:00:00Z",
    "Disk" : 50,
    "Name" : "tf-0123456789abcdef-1",
    "Running" : true,
    "Size" : 27,
    "SizeOnDisk" : 21,
    "Source" : "local",
    "State" : "running"
  },
  {
    "Disk" : 50,
    "Name" : "ghcr.io/org/image:1",
    "Size" : "20",
    "Source" : "OCI",
    "State" : "stopped"
  }
]
`;
const GET = `{
  "CPU" : 4,
  "Disk" : 50,
  "Display" : "1024x768",
  "Memory" : 8192,
  "OS" : "darwin",
  "Running" : false,
  "Size" : "20.5",
  "State" : "stopped"
}
`;
const RUN_LOG =
  "Stopping VM...\nError: The guest has stopped the virtual machine due to error: x\nnetwork has been disconnected with error\n";
const PS = "  501 Ss   Sun Nov  1 09:05:00 2026 /opt/homebrew/bin/tart run --no-graphics tf-a-1\n";

/** Cut, doubled, with pieces missing, swapped or of another kind: what a broken pipe or another release makes of it. */
function mutated(original: string): fc.Arbitrary<string> {
  const at = fc.nat(original.length);
  const junk = fc.oneof(
    fc.constantFrom("\0", "\u001b[31m", "null", "{", "]", ",", '"', "\r", "\uFFFD", "-1", "1e999", "[[[["),
    fc.string({ unit: "binary", maxLength: 20 }),
  );
  const change = fc.record({ at, length: fc.nat(40), junk });
  return fc
    .array(change, { minLength: 1, maxLength: 4 })
    .map((changes) =>
      changes.reduce(
        (text, { at: start, length, junk: by }) => text.slice(0, start) + by + text.slice(start + length),
        original,
      ),
    );
}

describe("output of tart that is not what it was", () => {
  it("never throws, and a list is what its JSON says or a failure", () => {
    fc.assert(
      fc.property(mutated(LIST), (text) => {
        const listed = parseListing(text);
        if (listed.ok) {
          const entries: unknown = JSON.parse(text);
          expect(listed.value).toHaveLength(Array.isArray(entries) ? entries.length : -1);
        } else expect(listed.failure.class).toBe("UNREADABLE");
      }),
      { numRuns: 2000 },
    );
  });

  it("cut anywhere is a failure, never a shorter list: what is not seen is not taken for gone", () => {
    const whole = LIST.trimEnd().length;
    for (let end = 0; end < whole; end += 1) expect(parseListing(LIST.slice(0, end)).ok).toBe(false);
    expect(parseListing(LIST.slice(0, whole)).ok).toBe(true);
  });

  it("of every other kind is understood or a failure", () => {
    const kinds = [GET, "192.168.64.7\n", `ghcr.io/org/image@sha256:${"0a".repeat(32)}\n`, "42%\n", PS];
    fc.assert(
      fc.property(fc.oneof(...kinds.map(mutated)), (text) => {
        const details = parseDetails(text);
        if (details.ok) expect(["darwin", "linux"]).toContain(details.value.OS);
        const ip = parseIp(text);
        if (ip.ok) expect(ip.value).toMatch(/^\d{1,3}(\.\d{1,3}){3}$/);
        const digest = parseDigest(text);
        if (digest.ok) expect(digest.value).toMatch(/^sha256:[0-9a-f]{64}$/);
        const percent = parsePercent(text);
        if (percent !== undefined) expect(percent).toBeLessThanOrEqual(100);
        for (const { pid } of parsePs(text)) expect(pid).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("on a Mac", () => {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "tartfleet-mutated-"));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it("a run's log of any kind ends in a cause that there is, with a tail that is bounded", async () => {
    const path = join(directory, "run.log");
    const credentials = makeCredentialSource({});
    const config = { path: "tart", tartHome: directory, env: {}, credentials, limits: TART_LIMITS, pace: 1 };
    await fc.assert(
      fc.asyncProperty(mutated(RUN_LOG), fc.nat(3), fc.option(fc.nat(255)), async (log, times, exitCode) => {
        await writeFile(path, log.repeat(1 + 200 * times));
        const end = await readRunEnd(config, path, { exitCode, signal: null });
        expect(RUN_END_CAUSES).toContain(end.cause);
        expect(end.logTail.length).toBeLessThanOrEqual(8192);
      }),
      { numRuns: 60 },
    );
  });

  it("a tart that prints without end is cut off, and its answer is no answer", async () => {
    const path = join(directory, "tart");
    await writeFile(path, "#!/bin/sh\nexec yes 'one line and another'\n", { mode: 0o755 });
    const tart = makeTart({ path, tartHome: directory, env: { PATH: process.env["PATH"] } });
    const { signal } = new AbortController();
    const before = process.memoryUsage().rss;
    const listed = await tart.listLocal();
    const guest = makeExecGuest(tart, "tf-0123456789abcdef-1");
    const ran = await guest.run("yes", { timeoutSeconds: 60, signal });
    expect([listed.ok, ran.ok]).toEqual([false, false]);
    if (!listed.ok) expect(listed.failure.output.length).toBeLessThanOrEqual(4096);
    if (!ran.ok) expect(ran.failure.output.length).toBeLessThanOrEqual(4096);
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
  });
});
