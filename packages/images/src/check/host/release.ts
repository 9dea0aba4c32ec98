import { judgeTart } from "@tartfleet/agent/src/doctor/tart-version.ts";
import { z } from "zod";
import { ImagesError } from "../../images-error.ts";
import { type HclFile, parseHcl } from "../../templates/read.ts";
import { type Finding, findingsOf } from "../finding.ts";
import { formatProblems, orInvalid } from "../hcl-files.ts";

/** What a variable file says about the macOS of hosts. */
const releaseSchema = z.strictObject({
  release: z.string().regex(/^[a-z]+(-[a-z]+)*$/, "small letters and single dashes"),
  macos_major: z.int().min(13),
  tart_version: z.string().regex(/^\d+\.\d+\.\d+$/, "like 2.40.1"),
  tart_sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "64 hex digits")
    .optional(),
});

/** A variable file: does it hold what a release is, and does its tart start on it? */
export async function checkHostRelease(file: HclFile): Promise<Finding[]> {
  return await orInvalid(file.path, async () => {
    const parsed = releaseSchema.safeParse(await parseHcl(file));
    if (!parsed.success) {
      const wrong = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
      throw new ImagesError("invalid_templates", wrong.join("; "), "Correct it.");
    }
    const { release, macos_major, tart_version } = parsed.data;
    const said = { kind: "exited", code: 0, stdout: tart_version, stderr: "" } as const;
    const tart = judgeTart(said, `${macos_major}`);
    return findingsOf(file.path, [
      ...(await formatProblems(file)),
      ...(file.path === `releases/${release}.pkrvars.hcl` ? [] : ["the file must be named as the release"]),
      ...(tart.state === "ok" ? [] : [tart.message]),
    ]);
  });
}
