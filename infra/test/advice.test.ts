import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { expect, test } from "vitest";
import { fleetOf, settingsWith } from "./support.ts";

/** What AWS's own rules would have otherwise, and why it is so. */
const ON_PURPOSE: Record<string, string> = {
  "network/Vpc/Resource AwsSolutions-VPC7":
    "Flow logs cost by the gigabyte of images pulled; they belong to the account.",
  "state/SnapshotRole/Resource AwsSolutions-IAM4":
    "The managed policy is the one that AWS wrote for this service.",
  "control-plane/Role/DefaultPolicy/Resource AwsSolutions-IAM5":
    "Session Manager's actions know no resources.",
  "hosts/MacRole/DefaultPolicy/Resource AwsSolutions-IAM5":
    "Session Manager's actions and ECR's token know no resources.",
  "builder/Builder/DefaultPolicy/Resource AwsSolutions-IAM5":
    "What packer makes has no name before it is made; looks and ECR's token know no resources.",
  "control-plane/Machine AwsSolutions-EC28": "Its own metrics say more, and every second of them costs.",
  "control-plane/Machine AwsSolutions-EC29": "It is made to be thrown away; data and address are elsewhere.",
  "hosts/Mac-mac-1 AwsSolutions-EC28": "The fleet looks at its hosts itself.",
  "hosts/Mac-mac-1 AwsSolutions-EC29":
    "A Mac is imaged anew by ending its instance; the host is what is kept.",
};

interface Report {
  pluginReports: {
    pluginName: string;
    violations: { ruleName: string; violatingConstructs: { constructPath: string }[] }[];
  }[];
}

test("AWS's rules for good solutions have nothing to say that is not so on purpose", () => {
  const { app } = fleetOf(settingsWith());
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  expect(() => app.synth()).toThrow("AwsSolutions-VPC7");
  const report = JSON.parse(readFileSync(join(app.outdir, "validation-report.json"), "utf8")) as Report;
  const found = report.pluginReports
    .flatMap(({ violations }) => violations)
    .flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${constructPath} ${ruleName.replace(/\[.*/, "")}`),
    );
  expect([...new Set(found)].sort()).toEqual(Object.keys(ON_PURPOSE).sort());
});
