import { execa } from "execa";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { IMAGES_FOLDER } from "../src/folder.ts";
import { makeProgram } from "../src/program.ts";
import { contextOf, copyOfTemplates } from "./support.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

async function images(context: ReturnType<typeof contextOf>, ...args: string[]): Promise<string> {
  await makeProgram(context).parseAsync(args, { from: "user" });
  return context.said.join("\n");
}

const PLAN =
  "plan,--release,tahoe,--from,xcode,--xcode,26.4,--xip,/tmp/Xcode 26.4.xip,--var,disk_size_gb=200";

test("plan shows commands that can be typed as they are", async () => {
  const said = await images(contextOf({ env: { HOME: "/Users/me" } }), ...PLAN.split(","));
  expect(said).toBe(`1. xcode: tahoe-xcode-26.4 from tahoe-base (at most 240 min)
   packer build -color=false -only=xcode.tart-cli.xcode -var-file=${IMAGES_FOLDER}/releases/tahoe.pkrvars.hcl -var disk_size_gb=200 -var from_vm=tahoe-base -var vm_name=tahoe-xcode-26.4 -var xcode_version=26.4 -var 'xcode_xip=/tmp/Xcode 26.4.xip' -var xcode_xip_sha256= ${IMAGES_FOLDER}
2. runner: tahoe-xcode-26.4-runner from tahoe-xcode-26.4 (at most 60 min)
   packer build -color=false -only=runner.tart-cli.runner -var-file=${IMAGES_FOLDER}/releases/tahoe.pkrvars.hcl -var disk_size_gb=200 -var from_vm=tahoe-xcode-26.4 -var vm_name=tahoe-xcode-26.4-runner ${IMAGES_FOLDER}`);
});

test("check names the file and what is wrong with it", async () => {
  await using copy = await copyOfTemplates();
  await copy.edit("sip.pkr.hcl", (text) => text.replace("<enter>", "<return2>"));
  const context = contextOf({ folder: copy.folder });
  await expect(images(context, "check")).rejects.toMatchObject({ code: "invalid_templates" });
  expect(context.said).toEqual(["sip.pkr.hcl: there is no key <return2>"]);
});

test("generate writes what check wants", async () => {
  await using copy = await copyOfTemplates();
  const path = "launchd/LaunchAgents/dev.tartfleet.screensaver-off.plist";
  await copy.edit(path, () => "by hand");
  const context = contextOf({ folder: copy.folder });
  await expect(images(context, "check")).rejects.toMatchObject({ code: "invalid_templates" });
  expect(await images(context, "generate")).toContain(path);
});

test.skipIf(process.platform === "darwin")(
  "build refuses on what is no Mac, with a code and what to do instead",
  async () => {
    const { exitCode, stderr } = await execa(process.execPath, [MAIN, "build", "--release", "tahoe"], {
      reject: false,
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("(not_a_mac)\n`npm run images -- plan` shows the commands");
  },
);

test.each([
  [["plan"], "required option '--release <name>'"],
  [["plan", "--release", "tahoe", "--var", "no"], "It must be name=value."],
  [["push", "vm", "--to", "a/b", "--release", "tahoe", "--suffix", "a b"], "It must be one word"],
  [["build", "--release", "tahoe", "--limit-minutes", "0"], "It must be a number"],
])("a mistake in the command line is told: %o", async (args, said) => {
  await expect(images(contextOf({}), ...args)).rejects.toThrow(said);
});

test("a list must look like one", async () => {
  const args = ["verify", "vm", "--release", "tahoe", "--var", "xcode_runtimes=iOS 26.4"];
  await expect(images(contextOf({}), ...args)).rejects.toMatchObject({
    code: "invalid_choice",
    advice: `It is one like --var 'xcode_runtimes=["iOS"]'.`,
  });
});
