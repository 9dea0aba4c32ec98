import { readFileSync } from "node:fs";
import { CfnHost } from "aws-cdk-lib/aws-ec2";
import { Match, Template } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { parseSettings } from "../src/settings.ts";
import { AMI, example, fleetOf, resources, settingsWith, templatesOf } from "./support.ts";

const templates = templatesOf(settingsWith());

test("a property that CloudFormation does not have is found before anything is deployed", () => {
  const { hosts } = fleetOf(settingsWith());
  const host = new CfnHost(hosts, "Wrong", { availabilityZone: "eu-central-1a", instanceType: "mac2.metal" });
  host.addPropertyOverride("AutoPlacemen", "off");
  expect(() => Template.fromStack(hosts)).toThrow("Did you mean 'AutoPlacement'");
});

describe("hosts", () => {
  const { hosts } = templates;

  test("are kept when they are taken out, and nothing is placed on them by itself", () => {
    expect(resources(hosts, "AWS::EC2::Host")).toMatchObject([
      {
        Properties: {
          AvailabilityZone: "eu-central-1a",
          InstanceType: "mac2.metal",
          AutoPlacement: "off",
          HostRecovery: "off",
          HostMaintenance: "off",
        },
        DeletionPolicy: "Retain",
        UpdateReplacePolicy: "Retain",
      },
      { Properties: { AvailabilityZone: "eu-central-1b" }, DeletionPolicy: "Retain" },
    ]);
  });

  test("have an instance each, of the template, by itself in a private subnet", () => {
    const [instance, ...others] = resources(hosts, "AWS::EC2::Instance");
    expect(others).toEqual([]);
    expect(instance?.Properties).toMatchObject({
      Tenancy: "host",
      Affinity: "host",
      HostId: { "Fn::GetAtt": ["Hostmac1", "HostId"] },
      LaunchTemplate: { LaunchTemplateId: { Ref: "MacTemplate" } },
      NetworkInterfaces: [{ DeviceIndex: "0", AssociatePublicIpAddress: false }],
    });
  });

  test("tell their boot script by tags what it needs to know, and no secret", () => {
    const [instance] = resources(hosts, "AWS::EC2::Instance");
    const tags = (instance?.Properties["Tags"] ?? []) as { Key: string; Value: unknown }[];
    const ours = tags.filter(({ Key }) => Key.startsWith("tartfleet:"));
    expect(Object.fromEntries(ours.map(({ Key, Value }) => [Key, Value]))).toEqual({
      "tartfleet:fleet": "tartfleet",
      "tartfleet:name": "mac-1",
      "tartfleet:labels": "chip=m1,rack=aws",
      "tartfleet:enrolment-parameter": "/tartfleet/enrolment-token",
      "tartfleet:url": {
        "Fn::Join": [
          "",
          ["https://", { "Fn::ImportValue": expect.stringContaining("tartfleet-state:") }, ":7337"],
        ],
      },
    });
  });

  test("have the tags that the boot script asks for, in the form that it takes", () => {
    const script = readFileSync(new URL("../../packer/host/boot/lib/metadata.sh", import.meta.url), "utf8");
    const asked = new Set([...script.matchAll(/tags\/instance\/(tartfleet:[a-z-]+)/g)].map(([, tag]) => tag));
    const [instance] = resources(hosts, "AWS::EC2::Instance");
    const tags = (instance?.Properties["Tags"] ?? []) as { Key: string; Value: unknown }[];
    const given = tags.map(({ Key }) => Key).filter((key) => key.startsWith("tartfleet:"));
    expect(new Set(given)).toEqual(new Set([...asked, "tartfleet:fleet"]));
  });

  test("wait without instances until there is an AMI", () => {
    const { macs } = settingsWith();
    const { hosts } = templatesOf({ ...settingsWith(), macs: { ...macs, ami: undefined } });
    hosts.resourceCountIs("AWS::EC2::Host", 2);
    hosts.resourceCountIs("AWS::EC2::Instance", 0);
    hosts.resourceCountIs("AWS::EC2::LaunchTemplate", 0);
  });

  test("the launch template: the AMI, IMDSv2 alone with tags, an encrypted root volume", () => {
    hosts.hasResourceProperties("AWS::EC2::LaunchTemplate", {
      LaunchTemplateData: {
        ImageId: AMI,
        InstanceType: "mac2.metal",
        MetadataOptions: {
          HttpTokens: "required",
          HttpPutResponseHopLimit: 1,
          InstanceMetadataTags: "enabled",
        },
        BlockDeviceMappings: [
          {
            DeviceName: "/dev/sda1",
            Ebs: { VolumeType: "gp3", VolumeSize: 300, Iops: 10_000, Throughput: 500, Encrypted: true },
          },
        ],
      },
    });
  });
});

describe("the network", () => {
  const { network } = templates;

  test("has a way out for private subnets, and S3 without it", () => {
    network.resourceCountIs("AWS::EC2::NatGateway", 1);
    network.resourceCountIs("AWS::EC2::Subnet", 4);
    network.hasResourceProperties("AWS::EC2::VPCEndpoint", { VpcEndpointType: "Gateway" });
  });

  test("lets only hosts and named ranges call the control plane, and nobody a Mac", () => {
    network.allResourcesProperties("AWS::EC2::SecurityGroupIngress", { FromPort: 7337, ToPort: 7337 });
    const groups = resources(network, "AWS::EC2::SecurityGroup").map(({ Properties }) => Properties);
    expect(groups.map((group) => group["SecurityGroupIngress"])).toEqual([
      undefined,
      [expect.objectContaining({ CidrIp: "10.0.0.0/8", FromPort: 7337, ToPort: 7337 })],
    ]);
    network.hasResourceProperties("AWS::EC2::SecurityGroupIngress", {
      SourceSecurityGroupId: { "Fn::GetAtt": [Match.stringLikeRegexp("^HostsGroup"), "GroupId"] },
    });
  });

  test("has endpoints for what Macs call when they are wanted", () => {
    const { network: wanted } = templatesOf(
      parseSettings({ ...example(), network: { ...example()["network"], endpoints: true } }),
    );
    const names = resources(wanted, "AWS::EC2::VPCEndpoint").map(({ Properties }) =>
      JSON.stringify(Properties),
    );
    for (const service of [".s3", ".ecr.api", ".ecr.dkr", ".ssm", ".ssmmessages"])
      expect(
        names.filter((text) => text.includes(`${service}"`)),
        service,
      ).toHaveLength(1);
  });

  test("can be one that is there", () => {
    const given = {
      vpcId: "vpc-0123456789abcdef0",
      availabilityZones: ["eu-central-1a"],
      privateSubnetIds: ["subnet-0123456789abcdef0"],
    };
    const {
      network: none,
      state,
      hosts,
    } = templatesOf(
      parseSettings({ ...example(), network: given, macs: { ...example()["macs"], ami: AMI } }),
    );
    none.resourceCountIs("AWS::EC2::VPC", 0);
    state.hasResourceProperties("AWS::EC2::NetworkInterface", { SubnetId: given.privateSubnetIds[0] });
    hosts.hasResourceProperties("AWS::EC2::Instance", {
      NetworkInterfaces: [Match.objectLike({ SubnetId: given.privateSubnetIds[0] })],
    });
  });
});

describe("the registry", () => {
  test("never moves a tag, and lets old images go", () => {
    const [repository] = resources(templates.registry, "AWS::ECR::Repository");
    expect(repository).toMatchObject({
      Properties: { RepositoryName: "macos/tahoe-base", ImageTagMutability: "IMMUTABLE" },
      DeletionPolicy: "Retain",
    });
    const policy = repository?.Properties["LifecyclePolicy"] as { LifecyclePolicyText: string };
    const { rules } = JSON.parse(policy.LifecyclePolicyText) as {
      rules: { selection: object }[];
    };
    expect(rules.map(({ selection }) => selection)).toEqual([
      { tagStatus: "untagged", countType: "sinceImagePushed", countNumber: 7, countUnit: "days" },
      { tagStatus: "tagged", tagPatternList: ["*"], countType: "imageCountMoreThan", countNumber: 10 },
    ]);
  });
});

describe("the control plane", () => {
  test("keeps its data and its address apart from its machine", () => {
    const { state, controlPlane } = templates;
    const [volume] = resources(state, "AWS::EC2::Volume");
    expect(volume).toMatchObject({ Properties: { Encrypted: true, Size: 20 }, DeletionPolicy: "Retain" });
    state.resourceCountIs("AWS::EC2::NetworkInterface", 1);
    controlPlane.resourceCountIs("AWS::EC2::Volume", 0);
    controlPlane.hasResourceProperties("AWS::EC2::VolumeAttachment", { InstanceId: { Ref: "Machine" } });
    controlPlane.hasResourceProperties("AWS::EC2::LaunchTemplate", {
      LaunchTemplateData: { MetadataOptions: { HttpTokens: "required" } },
    });
  });

  test("its data is snapshot every day, by the tag that the volume has", () => {
    const { state } = templates;
    const tag = { Key: "tartfleet:backup", Value: "tartfleet" };
    state.hasResourceProperties("AWS::EC2::Volume", { Tags: Match.arrayWith([tag]) });
    state.hasResourceProperties("AWS::DLM::LifecyclePolicy", {
      State: "ENABLED",
      PolicyDetails: { TargetTags: [tag], Schedules: [Match.objectLike({ RetainRule: { Count: 14 } })] },
    });
  });
});

/** Every property in a template, with its name. */
function* properties(value: unknown): Generator<[string, unknown]> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    yield [name, inner];
    yield* properties(inner);
  }
}

test.each(Object.entries(templates))(
  "%s: nothing is open to the world, in plain text or on a public address",
  (_, template) => {
    const all = [...properties(template.toJSON()["Resources"])];
    const values = (name: string) => all.filter(([other]) => other === name).map(([, value]) => value);
    for (const group of values("SecurityGroupIngress").flat())
      expect(group).not.toMatchObject({ CidrIp: "0.0.0.0/0" });
    expect(values("Encrypted")).not.toContain(false);
    expect(values("HttpTokens")).not.toContain("optional");
    expect(values("AssociatePublicIpAddress")).not.toContain(true);
    expect(values("MapPublicIpOnLaunch")).not.toContain(true);
  },
);
