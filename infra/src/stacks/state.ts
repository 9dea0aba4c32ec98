import { CfnOutput, RemovalPolicy, Stack, Tags, type App, type StackProps } from "aws-cdk-lib";
import { CfnLifecyclePolicy } from "aws-cdk-lib/aws-dlm";
import { CfnNetworkInterface, CfnVolume } from "aws-cdk-lib/aws-ec2";
import { ManagedPolicy, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Settings } from "../settings.ts";
import { type NetworkStack, PORT } from "./network.ts";

/** What a control plane must find again when its machine is another: its data, and the address that agents know. */
export class StateStack extends Stack {
  readonly volume: CfnVolume;
  readonly networkInterface: CfnNetworkInterface;
  /** Where agents, VMs and clients find the control plane. */
  readonly url: string;

  constructor(
    app: App,
    id: string,
    { settings, network }: { settings: Settings; network: NetworkStack },
    props: StackProps,
  ) {
    super(app, id, props);
    const { dataGiB, snapshotDays } = settings.controlPlane;
    const [zone = ""] = settings.network.availabilityZones;
    this.volume = new CfnVolume(this, "Data", {
      availabilityZone: zone,
      encrypted: true,
      size: dataGiB,
      volumeType: "gp3",
    });
    this.volume.applyRemovalPolicy(RemovalPolicy.RETAIN);
    Tags.of(this.volume).add("tartfleet:backup", settings.name);
    this.networkInterface = new CfnNetworkInterface(this, "Address", {
      description: `${settings.name}: the control plane`,
      subnetId: network.subnetIn(zone).subnetId,
      groupSet: [network.controlPlaneGroup.securityGroupId],
    });
    this.url = `https://${this.networkInterface.attrPrimaryPrivateIpAddress}:${PORT}`;
    new CfnOutput(this, "Url", { value: this.url });
    this.#takeSnapshots(settings.name, snapshotDays);
  }

  #takeSnapshots(name: string, count: number): void {
    const role = new Role(this, "SnapshotRole", {
      assumedBy: new ServicePrincipal("dlm.amazonaws.com"),
      managedPolicies: [
        ManagedPolicy.fromAwsManagedPolicyName("service-role/AWSDataLifecycleManagerServiceRole"),
      ],
    });
    new CfnLifecyclePolicy(this, "Snapshots", {
      description: `${name} control plane data for ${count} days`,
      state: "ENABLED",
      executionRoleArn: role.roleArn,
      policyDetails: {
        resourceTypes: ["VOLUME"],
        targetTags: [{ key: "tartfleet:backup", value: name }],
        schedules: [
          {
            name: "daily",
            copyTags: true,
            createRule: { interval: 24, intervalUnit: "HOURS", times: ["03:00"] },
            retainRule: { count },
          },
        ],
      },
    });
  }
}
