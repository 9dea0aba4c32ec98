import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import {
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type ISubnet,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import type { App } from "aws-cdk-lib";
import type { Settings } from "../settings.ts";

/** Where the control plane listens. */
export const PORT = 7337;

/** What of AWS the Macs call, over the network's own endpoints when these are wanted. */
const ENDPOINTS = {
  EcrApi: InterfaceVpcEndpointAwsService.ECR,
  EcrDocker: InterfaceVpcEndpointAwsService.ECR_DOCKER,
  Ssm: InterfaceVpcEndpointAwsService.SSM,
  SsmMessages: InterfaceVpcEndpointAwsService.SSM_MESSAGES,
};

/** Private subnets, a way out for what is in them, and who may speak to whom. */
export class NetworkStack extends Stack {
  readonly vpc: IVpc;
  readonly hostsGroup: SecurityGroup;
  readonly controlPlaneGroup: SecurityGroup;

  readonly #zones: string[];

  constructor(app: App, id: string, { network, controlPlane }: Settings, props: StackProps) {
    super(app, id, props);
    this.#zones = network.availabilityZones;
    this.vpc = "vpcId" in network ? Vpc.fromVpcAttributes(this, "Vpc", network) : this.#makeVpc(network);
    this.hostsGroup = new SecurityGroup(this, "HostsGroup", {
      vpc: this.vpc,
      description: "Macs and their VMs: nobody calls them",
    });
    this.controlPlaneGroup = new SecurityGroup(this, "ControlPlaneGroup", {
      vpc: this.vpc,
      description: "The control plane: agents, VMs and clients call it",
    });
    this.controlPlaneGroup.addIngressRule(this.hostsGroup, Port.tcp(PORT), "agents and VMs");
    for (const range of controlPlane.clientCidrs) {
      this.controlPlaneGroup.addIngressRule(Peer.ipv4(range), Port.tcp(PORT), `clients of ${range}`);
    }
  }

  /** Those of the settings, so that AWS need not be asked for what there are. */
  override get availabilityZones(): string[] {
    return this.#zones;
  }

  /** The private subnet in an availability zone. */
  subnetIn(zone: string): ISubnet {
    const subnet = this.vpc.privateSubnets.find(({ availabilityZone }) => availabilityZone === zone);
    if (!subnet) throw new Error(`the network has no private subnet in ${zone}`);
    return subnet;
  }

  #makeVpc({ cidr, endpoints }: Extract<Settings["network"], { cidr: string }>): Vpc {
    const vpc = new Vpc(this, "Vpc", {
      ipAddresses: IpAddresses.cidr(cidr),
      maxAzs: this.#zones.length,
      natGateways: 1,
      subnetConfiguration: [
        { name: "public", subnetType: SubnetType.PUBLIC, cidrMask: 26, mapPublicIpOnLaunch: false },
        { name: "private", subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 22 },
      ],
      // ECR hands layers out by S3: 25 GB for each image and host, which a NAT gateway would charge for.
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
    });
    for (const [name, service] of Object.entries(endpoints ? ENDPOINTS : {})) {
      vpc.addInterfaceEndpoint(name, { service });
    }
    // For machines that must be reached for an hour, like the one that an AMI is built on.
    for (const { availabilityZone, subnetId } of vpc.publicSubnets) {
      new CfnOutput(this, `PublicSubnet-${availabilityZone}`, { value: subnetId });
    }
    return vpc;
  }
}
