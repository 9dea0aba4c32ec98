import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { identity, makeTlsFront } from "../support/tls-front.ts";
import { onStage, type Stage } from "./stage.ts";

async function refusal(stage: Stage, ...args: Parameters<Stage["agent"]>) {
  const agent = stage.agent(...args);
  const { code } = await agent.exited;
  return { code, said: agent.stderr() };
}

describe("a start that cannot be says why, without a stack", () => {
  test("settings, every mistake at once; a data folder that cannot be one", () =>
    onStage({}, async (stage) => {
      const { code, said } = await refusal(stage, ["--url", "ftp://x", "--cpu", "none", "--wat"], {
        TARTFLEET_SSH_PORT: "99999",
      });
      expect(code).toBe(78);
      expect(said).toContain("--wat: there is no such option");
      expect(said).toContain("--url: must be an http(s) URL");
      expect(said).toContain("--cpu: must be a whole number");
      expect(said).toContain("TARTFLEET_SSH_PORT: must be at most 65535");
      expect(said).not.toContain("    at ");
      const file = join(stage.dir, "file");
      await writeFile(file, "");
      const folder = await refusal(stage, ["--data-dir", join(file, "data")]);
      expect(folder.code).toBe(78);
      expect(folder.said).toMatch(/^tartfleet-agent: .*--data-dir.*\n$/);
    }));

  test("a wrong enrolment token, and none", () =>
    onStage({}, async (stage) => {
      const wrong = await refusal(stage, [], { TARTFLEET_ENROLMENT_TOKEN: "wrong-token" });
      expect(wrong.code).toBe(77);
      expect(wrong.said).toMatch(/^tartfleet-agent: cannot enrol as mac-1: .*enrolment token.*\n$/);
      expect(wrong.said).not.toContain("wrong-token");
      const none = await refusal(stage, [], { TARTFLEET_ENROLMENT_TOKEN: "" });
      expect(none.code).toBe(78);
      expect(none.said).toMatch(/^tartfleet-agent: .*TARTFLEET_ENROLMENT_TOKEN\n$/);
    }));

  test("a URL where nobody answers, and one where somebody else does", () =>
    onStage({}, async (stage) => {
      const nobody = await refusal(stage, ["--url", "http://127.0.0.1:9"]);
      expect(nobody.code).toBe(68);
      expect(nobody.said).toMatch(/^tartfleet-agent: .*http:\/\/127\.0\.0\.1:9.*\n$/);
      const other = await refusal(stage, ["--url", `${stage.plane.url}/elsewhere`]);
      expect(other.code).toBe(68);
      expect(other.said).toMatch(/^tartfleet-agent: .*no tartfleet control plane.*\n$/);
    }));

  test("somebody in the middle, who hears nothing of the enrolment token", () =>
    onStage({}, async (stage) => {
      const [own, other] = await Promise.all([identity(), identity()]);
      await using middle = await makeTlsFront(stage.plane.url, other);
      const token = `tartfleet_0123456789ab_${"s".repeat(43)}`;
      const args = ["--url", middle.url];
      const pinned = await refusal(stage, args, { TARTFLEET_ENROLMENT_TOKEN: `${token}.${own.pin}` });
      expect(pinned.code).toBe(69);
      expect(pinned.said).toMatch(/^tartfleet-agent: .*\n$/);
      for (const part of [`the key ${own.pin} alone`, `has the key ${other.pin}`, "was not sent"]) {
        expect(pinned.said).toContain(part);
      }
      const unknown = await refusal(stage, args, { TARTFLEET_ENROLMENT_TOKEN: token });
      expect(unknown.code).toBe(69);
      expect(unknown.said).toMatch(/self-signed certificate.*--ca-file/);
      expect([middle.visits(), middle.heard()]).toEqual([2, ""]);
      expect(pinned.said + unknown.said).not.toContain("ssss");
    }));

  test("plain text to another machine, and a token that was copied in part", () =>
    onStage({}, async (stage) => {
      const plain = await refusal(stage, ["--url", "http://192.0.2.1:7337"]);
      expect(plain.code).toBe(78);
      expect(plain.said).toContain("--url: http://192.0.2.1:7337 is plain text");
      expect(plain.said).toContain("type --insecure");
      const part = `tartfleet_0123456789ab_${"s".repeat(43)}.short`;
      const damaged = await refusal(stage, [], { TARTFLEET_ENROLMENT_TOKEN: part });
      expect(damaged.code).toBe(78);
      expect(damaged.said).toContain("the token is damaged");
    }));

  test("another protocol version", () =>
    onStage({}, async (stage) => {
      stage.plane.protocol = 2;
      const { code, said } = await refusal(stage);
      expect(code).toBe(76);
      expect(said).toMatch(/^tartfleet-agent: .*install a newer one\n$/);
    }));

  test("no tart, and a broken one", () =>
    onStage({}, async (stage) => {
      const missing = await refusal(stage, ["--tart", join(stage.dir, "no-tart")]);
      expect(missing.code).toBe(72);
      expect(missing.said).toMatch(/^tartfleet-agent: .*--tart.*\n$/);
      const broken = join(stage.dir, "tart");
      await writeFile(
        broken,
        "#!/bin/sh\necho 'dyld[1]: Library not loaded: @rpath/x.dylib' >&2\nkill -ABRT $$\n",
      );
      await chmod(broken, 0o755);
      const aborted = await refusal(stage, ["--tart", broken]);
      expect(aborted.code).toBe(72);
      expect(aborted.said).toContain("does not start on this macOS");
    }));
});
