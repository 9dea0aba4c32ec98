import type { Fault } from "@tartfleet/tart-sim";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../guest/http-recorder.ts";
import { failure, MACOS, makeSimMac, value, VM, type SimMac } from "./sim-mac.ts";

const { signal } = new AbortController();
let mac: SimMac;

afterEach(async () => {
  await mac[Symbol.asyncDispose]();
});

async function onMac(faults: Fault[], limits = {}): Promise<SimMac> {
  mac = await makeSimMac({ faults, speed: 2000 }, { limits });
  return mac;
}

async function pull(image = MACOS, signal_ = signal) {
  const percents: number[] = [];
  const sizes = new Set<number | undefined>();
  const result = await mac.tart.pull(image, {
    onProgress(percent, totalBytes) {
      percents.push(percent);
      sizes.add(totalBytes);
    },
    signal: signal_,
  });
  return { result, percents, sizes };
}

describe("a pull", () => {
  it("shows its progress and ends with the image on the Mac", async () => {
    const { tart } = await onMac([]);
    const { result, percents, sizes } = await pull();
    value(result);
    expect([...sizes]).toEqual([expect.any(Number)]);
    expect(percents.at(-1)).toBe(100);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(value(await tart.listImages()).map(({ reference }) => reference)).toContain(MACOS);
    value((await pull()).result);
  });

  it("goes on where it was after the network failed", async () => {
    await onMac([{ match: { cmd: "pull", nth: 1 }, action: "network-loss", percent: 70 }]);
    const { result, percents } = await pull();
    value(result);
    const second = percents.findLastIndex((percent, at) => percent < (percents[at - 1] ?? 0));
    expect(Math.min(...percents.slice(second))).toBeGreaterThan(50);
  });

  it("is not disturbed by a listing until its repetition holds the data again", async () => {
    mac = await makeSimMac();
    const { dir } = mac.host;
    const path = join(dir, "tart");
    const log = () => readFile(join(dir, "log"), "utf8").catch(() => "");
    await writeFile(
      path,
      `#!/bin/sh
cd "${dir}"
case $1 in
  list) echo list >>log; echo '[]' ;;
  pull)
    echo "pull $(grep -c pull log)" >>log
    if ! grep -q 'pull 1' log; then echo 'Error: The request timed out.' >&2; exit 1; fi
    while [ ! -e own ]; do sleep 0.01; done
    echo owned >>log; echo 'pulling disk (1 GB compressed)...'
    while [ ! -e done ]; do sleep 0.01; done ;;
esac
`,
      { mode: 0o755 },
    );
    await writeFile(join(dir, "log"), "");
    const tart = mac.secondTart({ path, pace: 1 });
    const unaware = mac.secondTart({ path });
    const pulling = tart.pull(MACOS, { onProgress: () => {}, signal });
    await until(async () => (await log()).includes("pull 1"));
    const listing = tart.listLocal();
    value(await unaware.listLocal());
    value(await unaware.listLocal());
    await writeFile(join(dir, "own"), "");
    value(await listing);
    await writeFile(join(dir, "done"), "");
    value(await pulling);
    expect(await log()).toBe("pull 0\npull 1\nlist\nlist\nowned\nlist\n");
  });

  it.each([
    [{ action: "http-status", code: 404 }, "NO_IMAGE"],
    [{ action: "http-status", code: 403 }, "AUTH"],
    [{ action: "http-status", code: 503 }, "NET"],
    [{ action: "network-loss" }, "NET"],
    [{ action: "keychain-credentials" }, "KEYCHAIN"],
    [{ action: "disk-full" }, "DISK_FULL"],
  ] as [Fault, string][])("ends with %o as %s", async (fault, expected) => {
    await onMac([{ match: { cmd: "pull" }, ...fault }]);
    const image = fault.action === "keychain-credentials" ? "registry.example.com/private/xcode:16" : MACOS;
    expect(failure((await pull(image)).result).class).toBe(expected);
  });

  it("is tried three times when the network fails, and not again for what will not change", async () => {
    mac = await makeSimMac();
    const path = join(mac.host.dir, "tart");
    const tart = mac.secondTart({ path });
    const calls = async () => (await readFile(join(mac.host.dir, "calls"), "utf8")).trim().split("\n").length;
    const say = (text: string) =>
      writeFile(path, `#!/bin/sh\necho call >>"${mac.host.dir}/calls"\necho '${text}' >&2\nexit 1\n`, {
        mode: 0o755,
      });
    await say("Error: The network connection was lost.");
    expect(failure(await tart.pull(MACOS, { onProgress: () => {}, signal })).class).toBe("NET");
    expect(await calls()).toBe(3);
    await say('Error: UnexpectedHTTPStatusCode(when: "pulling manifest", code: 404, details: "")');
    expect(failure(await tart.pull(MACOS, { onProgress: () => {}, signal })).class).toBe("NO_IMAGE");
    expect(await calls()).toBe(4);
    expect(failure(await tart.listLocal()).class).not.toBe("TIMED_OUT");
  });

  it("is stalled when nothing moves", async () => {
    await onMac([{ match: { cmd: "pull" }, action: "stall" }], { pullStall: 1500 });
    expect(failure((await pull()).result).class).toBe("STALLED");
  });

  it("may stand still for longer when somebody asks for that", async () => {
    mac = await makeSimMac();
    const path = join(mac.host.dir, "tart");
    await writeFile(path, "#!/bin/sh\necho 'pulling disk...'\nsleep 1\necho 100%\n", { mode: 0o755 });
    const tart = mac.secondTart({ path, limits: { pullStall: 100 } });
    const options = { onProgress: () => {}, signal };
    expect(failure(await tart.pull(MACOS, options)).class).toBe("STALLED");
    expect(await tart.pull(MACOS, { ...options, leastStallMs: () => 20_000 })).toMatchObject({ ok: true });
  });

  it("may wait longer behind somebody else's, but not for ever", async () => {
    await onMac([{ match: { cmd: "pull" }, action: "stuck-at-lock" }], { pullLock: 300 });
    expect(failure((await pull()).result).class).toBe("STALLED");
  });

  it("can be given up, and so can one that waits for its turn", async () => {
    await onMac([{ match: { cmd: "pull" }, action: "stall", percent: 10 }]);
    const [first, second] = [new AbortController(), new AbortController()];
    let moved = false;
    const pulling = mac.tart.pull(MACOS, {
      onProgress: () => {
        moved = true;
      },
      signal: first.signal,
    });
    const waiting = mac.tart.pull(MACOS, { onProgress: () => {}, signal: second.signal });
    await until(() => moved);
    second.abort();
    expect(failure(await waiting).class).toBe("CANCELLED");
    first.abort();
    expect(failure(await pulling).class).toBe("CANCELLED");
    mac.host.setFaults([]);
    value((await pull()).result);
    value(await mac.tart.clone(MACOS, VM, { signal }));
  });
});
