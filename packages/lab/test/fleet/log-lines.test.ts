import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { followLog, parseLogLine } from "../../src/fleet/log-lines.ts";

test("a log line is a JSON object with a message", () => {
  expect(parseLogLine('{"level":"info","msg":"listening","url":"http://x"}')).toMatchObject({
    url: "http://x",
  });
  for (const text of ["", "plain words", "{", '{"no":"message"}', '["msg"]', "null"]) {
    expect(parseLogLine(text)).toBeUndefined();
  }
});

test("finds lines that were written before and after it was asked, and says when none will come", async () => {
  const output = new PassThrough();
  const log = followLog([output]);
  output.write('noise\n{"msg":"one"}\n{"ms');
  expect(await log.first(({ msg }) => msg === "one")).toEqual({ msg: "one" });
  expect(await log.first(({ msg }) => msg === "one")).toEqual({ msg: "one" });
  const two = log.first(({ msg }) => msg === "two");
  const never = log.first(({ msg }) => msg === "three");
  output.end('g":"two"}\n');
  expect(await two).toEqual({ msg: "two" });
  expect(await never).toBeUndefined();
});
