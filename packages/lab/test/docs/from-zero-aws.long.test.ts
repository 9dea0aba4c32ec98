import { describe, expect, test } from "vitest";
import { awsObjection, HAS_AWS } from "./from-zero/aws-command.ts";
import { COMMANDS } from "./from-zero/objections.ts";
import type { Block } from "./from-zero/page.ts";
import { PAGES } from "./from-zero/pages.ts";
import { rehearse } from "./from-zero/rehearse.ts";

/** What the AWS CLI itself would not take. */
async function objections(blocks: readonly Block[]): Promise<string[]> {
  const { calls, failure } = await rehearse(blocks, Object.keys(COMMANDS));
  expect(failure).toBe("");
  const said: string[] = [];
  for (const call of calls.filter(({ command }) => command === "aws"))
    said.push((await awsObjection(call)) ?? "");
  return said.filter((text) => text !== "");
}

describe.skipIf(!HAS_AWS)("the AWS CLI", () => {
  test("objects to an option, a command and an operand that it does not have", async () => {
    const text = "aws ec2 describe-hosts --colour blue; aws ec2 fly; aws ssm get-parameter";
    const said = (await objections([{ line: 1, mark: "aws", text }])).join("\n");
    for (const word of ["--colour", "fly", "--name"]) expect(said).toContain(word);
  });

  test.each(PAGES)("takes what $name says", async ({ blocks }) => {
    expect(await objections(blocks)).toEqual([]);
  });
});
