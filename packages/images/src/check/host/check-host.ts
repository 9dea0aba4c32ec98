import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type HclFile, parseHcl, readHclFiles } from "../../templates/read.ts";
import { type Finding, findingsOf } from "../finding.ts";
import { formatProblems, orInvalid } from "../hcl-files.ts";
import { checkByShellcheck, checkByZsh, type Program, validateEach } from "../programs.ts";
import { referenceProblems } from "../references.ts";
import { checkScripts } from "../script-files.ts";
import { scriptRuns } from "../script-variables.ts";
import { scriptProblems } from "../scripts.ts";
import { checkBootFiles } from "./boot-files.ts";
import { macSourceProblems } from "./options.ts";
import { checkHostRelease } from "./release.ts";
import { hostShim } from "./shim.ts";

const templateSchema = z.looseObject({
  source: z.object({ "amazon-ebs": z.record(z.string(), z.array(z.unknown())) }).optional(),
});

/** All that can be said of the template of the hosts' AMI without another program. */
export async function checkHostFiles(folder: string): Promise<Finding[]> {
  const files = await readHclFiles(folder);
  const releases = files.filter(isRelease);
  const templates = files.filter((file) => !isRelease(file));
  const found = await Promise.all([
    ...templates.map(checkHostTemplate),
    ...releases.map(checkHostRelease),
    checkScripts(folder, templates),
    checkBootFiles(folder),
    checkVerify(folder),
  ]);
  return [...found.flat(), ...referenceProblems(templates, releases)];
}

/** What another program sees of it. */
export async function checkHostBy(program: Program, folder: string): Promise<Finding[]> {
  switch (program) {
    case "packer":
      return await checkHostByPacker(folder);
    case "shellcheck":
      return await checkByShellcheck(folder);
    case "zsh":
    default:
      return await checkByZsh(folder);
  }
}

async function checkHostByPacker(folder: string): Promise<Finding[]> {
  const releases = (await readHclFiles(folder)).filter(isRelease).map(({ path: file }) => ({ file }));
  const uploads = ["tartfleet-agent-1.2.3-darwin-arm64.tar.gz", "SHA256SUMS", "SHA256SUMS.sig", "signers"];
  return await validateEach(folder, hostShim, releases, uploads, (copy) => ({
    region: "eu-central-1",
    subnet_id: "subnet-0123456789abcdef0",
    agent_version: "1.2.3",
    bundles: copy,
    allowed_signers: `${copy}/signers`,
  }));
}

/** The template: is it HCL, formatted, does it ask for a Mac, and is what it ran cleaned up at the end? */
async function checkHostTemplate(file: HclFile): Promise<Finding[]> {
  return await orInvalid(file.path, async () => {
    const template = await parseHcl(file);
    const { source } = templateSchema.parse(template);
    const runs = scriptRuns(template).map(({ path }) => path);
    const isCleaned = runs.slice(-2).join(" ") === "scripts/clean.sh scripts/assert-clean.sh";
    return findingsOf(file.path, [
      ...(await formatProblems(file)),
      ...Object.values(source?.["amazon-ebs"] ?? {})
        .flat()
        .flatMap(macSourceProblems),
      ...(runs.length === 0 || isCleaned ? [] : ["the last scripts must be clean.sh and assert-clean.sh"]),
    ]);
  });
}

/** What a person runs on an instance of the AMI. */
async function checkVerify(folder: string): Promise<Finding[]> {
  return findingsOf("verify.sh", scriptProblems(await readFile(join(folder, "verify.sh"), "utf8")));
}

const isRelease = ({ path }: HclFile) => path.startsWith("releases/");
