import { ECR_ACTIONS } from "@tartfleet/agent/src/registry/ecr/actions.ts";
import { CfnOutput, Duration, Stack, type App, type StackProps } from "aws-cdk-lib";
import { AccountRootPrincipal, PolicyStatement, Role } from "aws-cdk-lib/aws-iam";
import type { Settings } from "../settings.ts";
import type { RegistryStack } from "./registry.ts";

/** Looks of packer, which know no resources. */
const LOOK_ACTIONS = [
  "ec2:DescribeImages",
  "ec2:DescribeInstances",
  "ec2:DescribeRegions",
  "ec2:DescribeSecurityGroups",
  "ec2:DescribeSubnets",
  "ec2:DescribeVolumes",
];

/**
 * What the steps of packer's amazon-ebs do with the options of packer/host (builder/ebs/builder.go of plugin 1.8): an
 * instance, with a key and a group of its own, is started, stopped and imaged, and all but the AMI and its snapshot goes.
 */
const BUILD_ACTIONS = [
  "ec2:AuthorizeSecurityGroupIngress",
  "ec2:CreateImage",
  "ec2:CreateKeyPair",
  "ec2:CreateSecurityGroup",
  "ec2:CreateTags",
  "ec2:DeleteKeyPair",
  "ec2:DeleteSecurityGroup",
  "ec2:DeleteSnapshot",
  "ec2:DeleteVolume",
  "ec2:DeregisterImage",
  "ec2:EnableImageDeprecation",
  "ec2:ModifyImageAttribute",
  "ec2:ModifyInstanceAttribute",
  "ec2:RunInstances",
  "ec2:StopInstances",
  "ec2:TerminateInstances",
];

/** Whoever of the account assumes this role may push images, and make an AMI with packer/host. */
export class BuilderStack extends Stack {
  readonly role: Role;

  constructor(
    app: App,
    id: string,
    { settings, registry }: { settings: Settings; registry: RegistryStack },
    props: StackProps,
  ) {
    super(app, id, props);
    this.role = new Role(this, "Builder", {
      roleName: `${settings.name}-builder`,
      assumedBy: new AccountRootPrincipal(),
      description: "Pushes images of macOS, builds the AMI of the Macs",
      maxSessionDuration: Duration.hours(12),
    });
    const allow = (sid: string, actions: string[], resources: string[]) =>
      this.role.addToPolicy(new PolicyStatement({ sid, actions, resources }));
    allow(
      "Push",
      [...ECR_ACTIONS.pull, ...ECR_ACTIONS.push],
      registry.repositories.map(({ repositoryArn }) => repositoryArn),
    );
    allow("Token", [ECR_ACTIONS.token], ["*"]);
    allow("Look", LOOK_ACTIONS, ["*"]);
    allow("Build", BUILD_ACTIONS, [
      `arn:${this.partition}:ec2:${this.region}:${this.account}:*`,
      // Public AMIs and what they are made from are of no account.
      `arn:${this.partition}:ec2:${this.region}::image/*`,
      `arn:${this.partition}:ec2:${this.region}::snapshot/*`,
    ]);
    new CfnOutput(this, "RoleArn", { value: this.role.roleArn });
  }
}
