import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  parseDetails,
  parseDigest,
  parseIp,
  parseListing,
  parsePercent,
  parsePullSize,
} from "../../src/tart/parse.ts";
import { parsePs } from "../../src/tart/process-identity.ts";
import { runArguments } from "../../src/tart/run.ts";
import { lastLines } from "../../src/tart/tail.ts";

describe("what tart prints", () => {
  it("is understood or a failure, never an exception", () => {
    const json = fc.oneof(fc.string(), fc.json());
    fc.assert(
      fc.property(json, (text) => {
        for (const parse of [parseListing, parseDetails, parseDigest, parseIp]) {
          const parsed = parse(text);
          if (!parsed.ok) expect(parsed.failure.class).toBe("UNREADABLE");
        }
        parsePercent(text);
      }),
    );
  });

  it("of an empty Mac is an empty list, of an unknown state a failure", () => {
    expect(parseListing("[\n\n]\n")).toEqual({ ok: true, value: [] });
    expect(parseListing('[{"Name":"a","Source":"local","State":"paused"}]').ok).toBe(false);
    expect(parseListing("").ok).toBe(false);
  });

  it("as progress is a whole percentage on a line of its own", () => {
    expect(["0%", "100%", "101%", "50", "about 50%"].map(parsePercent)).toEqual([
      0,
      100,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("the size of a pull", () => {
  it.each([
    ["pulling disk (25.4 GB compressed)...", 25_400_000_000],
    ["pulling disk (25,4\u00a0GB compressed)...", 25_400_000_000],
    ["pulling disk (1 GB compressed)...", 1_000_000_000],
    ["pulling disk (980.2 MB compressed)...", 980_200_000],
    ["pulling disk (12 bytes compressed)...", 12],
    ["pulling disk (Zero KB compressed)...", undefined],
    ["pulling disk (25.4 parsecs compressed)...", undefined],
    ["pulling disk (1.2.3 GB compressed)...", undefined],
    ["pulling disk...", undefined],
    ["pulling manifest...", undefined],
  ])("in %j is %s bytes", (line, bytes) => {
    expect(parsePullSize(line)).toBe(bytes);
  });
});

describe("the last lines of a text", () => {
  it("are whole and no longer than wished", () => {
    expect(lastLines("one\ntwo\nthree\n", 9)).toBe("three");
    expect(lastLines("one\ntwo\n", 100)).toBe("one\ntwo");
    expect(lastLines("one endless line", 7)).toBe("ss line");
    fc.assert(
      fc.property(fc.string(), fc.nat(100), (text, max) => {
        expect(lastLines(text, max + 1).length).toBeLessThanOrEqual(max + 1);
      }),
    );
  });
});

describe("the processes of a Mac", () => {
  it("are read from ps, without zombies", () => {
    const text = `  501 Ss   Sun Nov  1 09:05:00 2026 /opt/homebrew/bin/tart run --no-graphics tf-a-1
 1502 Z    Sun Nov 22 21:53:00 2026 (tart)
99503 S+   Sun Nov 22 21:53:00 2026     /sbin/launchd
`;
    expect(parsePs(text)).toEqual([
      {
        pid: 501,
        startedAt: "Sun Nov  1 09:05:00 2026",
        argv: ["/opt/homebrew/bin/tart", "run", "--no-graphics", "tf-a-1"],
      },
      { pid: 99503, startedAt: "Sun Nov 22 21:53:00 2026", argv: ["/sbin/launchd"] },
    ]);
  });
});

describe("the arguments of a run", () => {
  it("isolate the network as wished, and never show a window", () => {
    expect(runArguments("x", {})).toEqual([
      "run",
      "--no-graphics",
      "--no-audio",
      "--no-clipboard",
      "--root-disk-opts=sync=none",
      "x",
    ]);
    const run = { softnet: true, softnetAllow: ["10.0.0.0/8", "@host"], softnetBlock: ["0.0.0.0/0"] };
    expect(runArguments("x", run).slice(5)).toEqual([
      "--net-softnet",
      "--net-softnet-allow=10.0.0.0/8,@host",
      "--net-softnet-block=0.0.0.0/0",
      "x",
    ]);
  });
});
