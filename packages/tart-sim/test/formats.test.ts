import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TartFailure } from "../src/cli/failure.ts";
import { encodeFrame, makeFrameReader } from "../src/control/framing.ts";
import { ago } from "../src/format/relative-time.ts";
import { swiftJson } from "../src/format/swift-json.ts";
import { textTable } from "../src/format/text-table.ts";
import { isHit } from "../src/host/faults.ts";
import { compareVersions, parseVersion, quirksOf } from "../src/host/version.ts";
import { parseShare } from "../src/run/flags.ts";
import { parseRemoteName, showRemoteName } from "../src/storage/remote-name.ts";

describe("remote names", () => {
  const host = fc.stringMatching(/^[a-z][a-z0-9.-]{0,10}(:[1-9][0-9]{0,4})?$/);
  const namespace = fc
    .array(fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,8}$/), { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join("/"));
  const reference = fc.oneof(
    fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,10}$/).map((tag) => `:${tag}`),
    fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `@sha256:${hex}`),
  );

  test("are canonical: showing a parsed one gives it back", () => {
    fc.assert(
      fc.property(host, namespace, reference, (host, namespace, reference) => {
        const text = `${host}/${namespace}${reference}`;
        const name = parseRemoteName(text);
        if (name instanceof TartFailure) throw name;
        expect(showRemoteName(name)).toBe(text);
      }),
    );
  });

  test("get the tag latest when they have none", () => {
    const name = parseRemoteName("foo/bar");
    if (name instanceof TartFailure) throw name;
    expect(showRemoteName(name)).toBe("foo/bar:latest");
  });

  test("never fail otherwise than with the original's words", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const name = parseRemoteName(text);
        if (name instanceof TartFailure)
          expect(name.stderr).toMatch(/^failed to parse remote name: .* \(character \d+\)$/);
        else expect(showRemoteName(name)).toContain("/");
      }),
    );
  });

  test.each(["host/../up:1", "host/a//b", "/x", "host/", "host/ns:", "host/ns@md5:1", "ho st/ns"])(
    "refuse %s",
    (text) => {
      expect(parseRemoteName(text)).toBeInstanceOf(TartFailure);
    },
  );
});

test("frames survive however the stream is cut", () => {
  const frame = fc.record({
    kind: fc.constantFrom("stdin", "stdout", "stderr", "stdinEnd"),
    payload: fc.uint8Array({ maxLength: 40 }),
  });
  fc.assert(
    fc.property(fc.array(frame), fc.integer({ min: 1, max: 17 }), (frames, size) => {
      const bytes = Buffer.concat(frames.map(({ kind, payload }) => encodeFrame(kind, payload)));
      const read = makeFrameReader();
      const seen = [];
      for (let at = 0; at < bytes.length; at += size) seen.push(...read(bytes.subarray(at, at + size)));
      expect(seen.map(({ kind, payload }) => ({ kind, payload: [...payload] }))).toEqual(
        frames.map(({ kind, payload }) => ({ kind, payload: [...payload] })),
      );
    }),
  );
});

describe("Swift's JSON", () => {
  test("is JSON", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.parse(JSON.stringify(value));
        expect(JSON.parse(swiftJson(json))).toEqual(json);
      }),
    );
  });

  test("has its spaces, escapes and empty arrays", () => {
    expect(swiftJson({ Name: "a/b" })).toBe('{\n  "Name" : "a\\/b"\n}');
    expect(swiftJson([])).toBe("[\n\n]");
  });
});

test("a table is as wide as its widest cells", () => {
  expect(textTable(["Source", "Name"], [["local", "my-vm"]])).toBe("Source Name \nlocal  my-vm");
});

test.each([
  [0, "0 seconds ago"],
  [1000, "1 second ago"],
  [180_000, "3 minutes ago"],
  [7_200_000, "2 hours ago"],
  [86_400_000 * 3, "3 days ago"],
])("%d ms earlier is %s", (ms, text) => {
  expect(ago(0, ms)).toBe(text);
});

describe("versions", () => {
  test("are ordered by number, not by text", () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.nat(50), fc.nat(50), fc.nat(50)),
        fc.tuple(fc.nat(50), fc.nat(50), fc.nat(50)),
        (a, b) => {
          const [x, y] = [parseVersion(a.join(".")), parseVersion(b.join("."))];
          if (x === undefined || y === undefined) throw new Error("not parsed");
          expect(Math.sign(compareVersions(x, y))).toBe(-Math.sign(compareVersions(y, x)) + 0);
          expect(compareVersions(x, y) === 0).toBe(a.join() === b.join());
        },
      ),
    );
  });

  test.each([
    ["2.26.0", { deleteLies: false, hasExec: false }],
    ["2.32.1", { deleteLies: true, socketFailureIsTold: false, staleSocketStays: true }],
    ["2.34.0", { deleteLies: true, abortsOnOldHost: false, hasProvisioningOpts: false, humanSizes: false }],
    [
      "2.35.0",
      { deleteLies: true, abortsOnOldHost: true, hasProvisioningOpts: true, socketFailureEndsRun: false },
    ],
    ["2.36.0", { socketFailureEndsRun: true, asifBlocksList: true, humanSizes: true }],
    ["2.39.0", { asifBlocksList: false, asifDiskIsNull: true, acceptLoopDies: true }],
    [
      "2.40.1",
      { deleteLies: false, acceptLoopDies: false, usbAndRecoveryFlags: true, cloneRefusesExisting: false },
    ],
    ["SNAPSHOT", { deleteLies: false, cloneRefusesExisting: true }],
  ] as const)("%s has its own quirks", (version, wanted) => {
    const quirks = quirksOf(version);
    for (const [quirk, value] of Object.entries(wanted))
      expect([quirk, quirks.has(quirk as never)]).toEqual([quirk, value]);
  });
});

test.each([
  [{}, [1, 2, 3]],
  [{ nth: 2 }, [2]],
  [{ times: 2 }, [1, 2]],
  [{ nth: 2, times: 5 }, [2, 3]],
])("a fault matching %j hits %j of three", (match, hits) => {
  expect([1, 2, 3].filter((count) => isHit(match, count))).toEqual(hits);
});

test.each([
  ["/a/b", {}],
  ["/a/b:ro", {}],
  ["name:/a/b", { name: "name" }],
  ["name:/a/b:ro,tag=x", { name: "name", tag: "x" }],
])("--dir=%s is understood", (text, wanted) => {
  expect(parseShare(text)).toMatchObject(wanted);
});
