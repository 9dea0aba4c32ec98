import { describe, expect, it } from "vitest";
import { openLog } from "../src/log.ts";

function logged(write: (log: ReturnType<typeof openLog>) => void): string {
  let text = "";
  write(
    openLog(
      { level: "info" },
      {
        write: (line) => {
          text += line;
        },
      },
    ),
  );
  return text;
}

describe("the log", () => {
  it("is one JSON object a line, whatever is logged", () => {
    const text = logged((log) => log.info({ name: "a\nb\u001b[31m" }, "two\nlines"));
    expect(text.trimEnd().split("\n")).toHaveLength(1);
    expect(text).not.toContain("\u001b");
    expect(JSON.parse(text)).toMatchObject({ level: "info", name: "a\nb\u001b[31m", msg: "two\nlines" });
  });

  it("tells of an error and its causes, but not what they carry", () => {
    const cause = Object.assign(new TypeError("because"), { code: "SQLITE_FULL", params: ["s3cret"] });
    const text = logged((log) => log.error({ err: new Error("failed", { cause }) }, "bug"));
    expect(JSON.parse(text).err).toMatchObject({
      type: "Error",
      message: "failed",
      cause: { type: "TypeError", message: "because", code: "SQLITE_FULL" },
    });
    expect(text).not.toContain("s3cret");
  });

  it("hides tokens, should anyone log them", () => {
    const text = logged((log) => {
      log.info({ token: "s3cret", made: { credential: "s3cret" } });
      log.info({ req: { headers: { authorization: "Bearer s3cret" } } });
    });
    expect(text).not.toContain("s3cret");
  });
});
