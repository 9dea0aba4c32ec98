import { execa } from "execa";
import type { Call } from "./rehearse.ts";

/** Whether this machine has the AWS CLI, by which its own commands are judged. */
export const HAS_AWS = (await execa("aws", ["--version"], { reject: false })).exitCode === 0;

const NOBODY_THERE = "Could not connect to the endpoint URL";

/** Has the AWS CLI read its words and call nobody. Half a second each. */
export async function awsObjection({ line, args }: Call): Promise<string | undefined> {
  // Files that the page has its reader make are gone by now; what was in them is not looked at.
  const words = args.map((word) => word.replace(/^file:\/\/.*/, "text"));
  const { stderr } = await execa(
    "aws",
    [...words, "--no-sign-request", "--endpoint-url", "http://127.0.0.1:9"],
    {
      env: { AWS_REGION: "eu-central-1", AWS_DEFAULT_REGION: "eu-central-1", AWS_MAX_ATTEMPTS: "1" },
      reject: false,
    },
  );
  return stderr.includes(NOBODY_THERE) ? undefined : `line ${line}: aws ${args.join(" ")}\n${stderr.trim()}`;
}
