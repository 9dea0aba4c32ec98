import { ECR_ACTIONS } from "@tartfleet/agent/src/registry/ecr/actions.ts";
import { CfnOutput, RemovalPolicy, Stack, type App, type StackProps } from "aws-cdk-lib";
import { CfnHost, CfnInstance, CfnLaunchTemplate } from "aws-cdk-lib/aws-ec2";
import { CfnInstanceProfile, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { MacHost, Settings } from "../settings.ts";
import type { NetworkStack } from "./network.ts";
import type { RegistryStack } from "./registry.ts";
import { sessionManager } from "./sessions.ts";

interface Surroundings {
  settings: Settings;
  network: NetworkStack;
  registry: RegistryStack;
  /** Of the control plane. */
  url: string;
}

/** Dedicated hosts, and an instance on each, whose tags its boot script reads. */
export class HostsStack extends Stack {
  readonly role: Role;
  readonly #surroundings: Surroundings;
  readonly #parameter: string;

  constructor(app: App, id: string, surroundings: Surroundings, props: StackProps) {
    super(app, id, props);
    this.#surroundings = surroundings;
    const { macs, name } = surroundings.settings;
    this.#parameter = `/${name}/enrolment-token`;
    this.role = this.#makeRole();
    const template = macs.ami === undefined ? undefined : this.#makeTemplate(macs.ami);
    for (const mac of macs.hosts) {
      const host = this.#makeHost(mac);
      if (template && mac.instance) this.#makeInstance(mac, host, template);
    }
    new CfnOutput(this, "EnrolmentParameter", { value: this.#parameter });
  }

  #makeRole(): Role {
    const { registry, settings } = this.#surroundings;
    const role = new Role(this, "MacRole", {
      assumedBy: new ServicePrincipal("ec2.amazonaws.com"),
      description: "What a Mac of the fleet may do: pull images, read its enrolment token",
    });
    role.addToPolicy(
      new PolicyStatement({
        sid: "Pull",
        actions: [...ECR_ACTIONS.pull],
        resources: registry.repositories.map(({ repositoryArn }) => repositoryArn),
      }),
    );
    role.addToPolicy(new PolicyStatement({ sid: "Token", actions: [ECR_ACTIONS.token], resources: ["*"] }));
    role.addToPolicy(
      new PolicyStatement({
        sid: "Enrol",
        actions: ["ssm:GetParameter"],
        resources: [this.formatArn({ service: "ssm", resource: `parameter${this.#parameter}` })],
      }),
    );
    if (settings.macs.sessionManager) role.addToPolicy(sessionManager());
    return role;
  }

  #makeTemplate(imageId: string): CfnLaunchTemplate {
    const { rootGiB, iops, throughputMiBps: throughput, instanceType } = this.#surroundings.settings.macs;
    const profile = new CfnInstanceProfile(this, "MacProfile", { roles: [this.role.roleName] });
    return new CfnLaunchTemplate(this, "MacTemplate", {
      launchTemplateData: {
        imageId,
        instanceType,
        ebsOptimized: true,
        iamInstanceProfile: { arn: profile.attrArn },
        // Version 1 of IMDS off; its tags tell the boot script where its control plane is.
        metadataOptions: {
          httpTokens: "required",
          httpPutResponseHopLimit: 1,
          httpEndpoint: "enabled",
          instanceMetadataTags: "enabled",
        },
        blockDeviceMappings: [
          {
            deviceName: "/dev/sda1",
            ebs: {
              volumeType: "gp3",
              volumeSize: rootGiB,
              iops,
              throughput,
              encrypted: true,
              deleteOnTermination: true,
            },
          },
        ],
      },
    });
  }

  #makeHost({ name, availabilityZone }: MacHost): CfnHost {
    const host = new CfnHost(this, `Host-${name}`, {
      availabilityZone,
      instanceType: this.#surroundings.settings.macs.instanceType,
      autoPlacement: "off",
      hostRecovery: "off",
      hostMaintenance: "off",
      tags: [{ key: "Name", value: name }],
    });
    // It cannot be released within 24 hours of its allocation: that is done by hand.
    host.applyRemovalPolicy(RemovalPolicy.RETAIN);
    new CfnOutput(this, `HostId-${name}`, { value: host.attrHostId });
    return host;
  }

  #makeInstance(
    { name, availabilityZone, labels }: MacHost,
    host: CfnHost,
    template: CfnLaunchTemplate,
  ): void {
    const { network, url } = this.#surroundings;
    const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    new CfnInstance(this, `Mac-${name}`, {
      launchTemplate: {
        launchTemplateId: template.ref,
        version: template.attrLatestVersionNumber,
      },
      tenancy: "host",
      hostId: host.attrHostId,
      affinity: "host",
      networkInterfaces: [
        {
          deviceIndex: "0",
          associatePublicIpAddress: false,
          subnetId: network.subnetIn(availabilityZone).subnetId,
          groupSet: [network.hostsGroup.securityGroupId],
        },
      ],
      propagateTagsToVolumeOnCreation: true,
      tags: [
        { key: "Name", value: name },
        { key: "tartfleet:name", value: name },
        { key: "tartfleet:url", value: url },
        { key: "tartfleet:enrolment-parameter", value: this.#parameter },
        ...(pairs.length > 0 ? [{ key: "tartfleet:labels", value: pairs.join(",") }] : []),
      ],
    });
  }
}
