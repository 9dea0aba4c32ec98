import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CfnOutput, Fn, IgnoreMode, Stack, type App, type StackProps } from "aws-cdk-lib";
import { CfnInstance, CfnLaunchTemplate, CfnVolumeAttachment } from "aws-cdk-lib/aws-ec2";
import { CfnInstanceProfile, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Asset } from "aws-cdk-lib/aws-s3-assets";
import type { Settings } from "../settings.ts";
import { sessionManager } from "./sessions.ts";
import type { StateStack } from "./state.ts";
import { bootParts } from "../user-data.ts";

const CHECKOUT = fileURLToPath(new URL("../../..", import.meta.url));
const BOOT_SCRIPT = fileURLToPath(new URL("../../boot/control-plane.sh", import.meta.url));

/** What of a checkout is no source. */
const NO_SOURCE = [".git", "node_modules", "cdk.out", ".turbo", ".reports", "dist", "/infra/fleet.json"];

/**
 * A machine that runs the checkout from which it was deployed. Nothing on it is needed again: data and address are in
 * the state stack. Its boot script runs at every boot, so that another checkout needs a restart and no new machine.
 */
export class ControlPlaneStack extends Stack {
  readonly role: Role;

  constructor(
    app: App,
    id: string,
    { settings, state }: { settings: Settings; state: StateStack },
    props: StackProps,
  ) {
    super(app, id, props);
    const { ami, instanceType } = settings.controlPlane;
    const source = new Asset(this, "Source", {
      path: CHECKOUT,
      exclude: NO_SOURCE,
      ignoreMode: IgnoreMode.GIT,
    });
    this.role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("ec2.amazonaws.com"),
      description: "What the control plane's machine may do: fetch its program",
    });
    this.role.addToPolicy(
      new PolicyStatement({
        sid: "Program",
        actions: ["s3:GetObject"],
        resources: [source.bucket.arnForObjects(source.s3ObjectKey)],
      }),
    );
    this.role.addToPolicy(sessionManager());
    const profile = new CfnInstanceProfile(this, "Profile", { roles: [this.role.roleName] });
    const template = new CfnLaunchTemplate(this, "Template", {
      launchTemplateData: {
        metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1, httpEndpoint: "enabled" },
        blockDeviceMappings: [
          {
            deviceName: "/dev/xvda",
            ebs: { volumeType: "gp3", volumeSize: 16, encrypted: true, deleteOnTermination: true },
          },
        ],
      },
    });
    const machine = new CfnInstance(this, "Machine", {
      imageId: ami,
      instanceType,
      iamInstanceProfile: profile.ref,
      launchTemplate: { launchTemplateId: template.ref, version: template.attrLatestVersionNumber },
      networkInterfaces: [{ deviceIndex: "0", networkInterfaceId: state.networkInterface.ref }],
      userData: Fn.base64(
        bootParts(readFileSync(BOOT_SCRIPT, "utf8"), {
          SOURCE: source.s3ObjectUrl,
          VERSION: source.assetHash,
          VOLUME: state.volume.ref,
          PUBLIC_URL: state.url,
        }),
      ),
      tags: [{ key: "Name", value: `${settings.name}-control-plane` }],
    });
    new CfnVolumeAttachment(this, "DataAttachment", {
      instanceId: machine.ref,
      volumeId: state.volume.ref,
      device: "/dev/sdf",
    });
    new CfnOutput(this, "InstanceId", { value: machine.ref });
  }
}
