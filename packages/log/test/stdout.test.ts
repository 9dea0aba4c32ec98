import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const CHATTERER = fileURLToPath(new URL("./chatterer.ts", import.meta.url));

describe("a log that nobody reads", () => {
  it("holds nobody up; what is dropped is counted once somebody reads", async () => {
    const child = spawn(process.execPath, [CHATTERER, "20000", "65536"]);
    child.stdout.setEncoding("utf8");
    await once(child.stderr, "data");
    const { promise: told, resolve: tell } = Promise.withResolvers<string>();
    let text = "";
    child.stdout.on("data", (part: string) => {
      text += part;
      const line = text
        .split("\n")
        .slice(0, -1)
        .find((each) => each.includes('"dropped"'));
      if (line !== undefined) tell(line);
    });
    const { level, dropped } = JSON.parse(await told);
    child.stdin.end();
    await once(child, "close");
    const kept = text.split("\n").filter((line) => line.includes('"chatter"')).length;
    expect(level).toBe("warn");
    expect(kept).toBeGreaterThan(100);
    expect(dropped).toBeGreaterThan(100);
    expect(kept + dropped).toBe(20_000);
  });
});
