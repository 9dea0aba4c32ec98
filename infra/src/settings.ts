import { readFileSync } from "node:fs";
import { z } from "zod";

/** A fleet.json that cannot be used; the message has every mistake in it. */
export class SettingsError extends Error {}

const word = z
  .string()
  .regex(/^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$/, "must be lower-case letters, digits and dashes");
const zone = z
  .string()
  .regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, "must be an availability zone like eu-central-1a");
const cidr = z.cidrv4("must be a range like 10.73.0.0/16");
const ami = z.string().regex(/^ami-[0-9a-f]{8,17}$/, "must be like ami-0123456789abcdef0");
/** What a Mac's boot script takes as a label (packer/host/boot/lib/metadata.sh). */
const labelKey = z
  .string()
  .regex(
    /^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/,
    "must be letters, digits, dots, dashes, slashes",
  );
const labelValue = z
  .string()
  .regex(/^[A-Za-z0-9._/:@+-]{0,63}$/, "must be letters, digits and . _ / : @ + -");

/** A network made for the fleet, with one NAT gateway, or one that is there. */
const network = z.union([
  z.strictObject({
    cidr,
    availabilityZones: z.array(zone).min(1).max(3),
    endpoints: z.boolean().default(false),
  }),
  z.strictObject({
    vpcId: z.string().regex(/^vpc-[0-9a-f]{8,17}$/, "must be like vpc-0123456789abcdef0"),
    availabilityZones: z.array(zone).min(1),
    privateSubnetIds: z.array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/)).min(1),
  }),
]);

const host = z.strictObject({
  name: word,
  availabilityZone: zone,
  /** Off: the host is kept and paid for, and has no instance; to build an AMI on it, or before it gets another. */
  instance: z.boolean().default(true),
  labels: z.record(labelKey, labelValue).default({}),
});

const schema = z
  .strictObject({
    /** Begins the names of all stacks. */
    name: word.default("tartfleet"),
    account: z.string().regex(/^\d{12}$/, "must be the account's 12 digits"),
    region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "must be a region like eu-central-1"),
    network,
    registry: z.strictObject({
      repositories: z
        .array(z.string().regex(/^[a-z0-9]+([._/-][a-z0-9]+)*$/, "must be a repository's name"))
        .min(1),
      /** Newest tagged images that each repository keeps. */
      keepImages: z.int().min(1).max(1000).default(10),
      untaggedDays: z.int().min(1).max(365).default(7),
      scanOnPush: z.boolean().default(false),
    }),
    controlPlane: z.strictObject({
      /** Amazon Linux 2023 for arm64. Pinned: with another one CloudFormation makes the machine anew. */
      ami,
      instanceType: z.string().regex(/^[a-z0-9]+g[a-z]*\.[a-z0-9]+$/, "must be an arm64 type like t4g.small"),
      dataGiB: z.int().min(8).max(16_384).default(20),
      snapshotDays: z.int().min(1).max(365).default(14),
      /** Who else than the hosts may reach port 7337. */
      clientCidrs: z.array(cidr).default([]),
    }),
    macs: z.strictObject({
      /** Built by packer/host. Without it there are hosts and no instances. */
      ami: ami.optional(),
      instanceType: z.string().regex(/^mac[a-z0-9-]*\.metal$/, "must be a type like mac2.metal"),
      rootGiB: z.int().min(100).max(16_384).default(300),
      iops: z.int().min(3000).max(16_000).default(10_000),
      throughputMiBps: z.int().min(125).max(1000).default(500),
      /** Shells and port forwarding on the Macs by Session Manager, without any inbound port. */
      sessionManager: z.boolean().default(true),
      hosts: z.array(host),
    }),
  })
  .superRefine(({ region, network, macs }, context) => {
    const wrong = (path: (string | number)[], message: string) =>
      context.addIssue({ code: "custom", path, message });
    for (const [index, zone] of network.availabilityZones.entries()) {
      if (!zone.startsWith(region)) wrong(["network", "availabilityZones", index], `is not in ${region}`);
    }
    if (
      "privateSubnetIds" in network &&
      network.privateSubnetIds.length !== network.availabilityZones.length
    ) {
      wrong(["network", "privateSubnetIds"], "must be one for each of availabilityZones, in their order");
    }
    for (const [index, { name, availabilityZone }] of macs.hosts.entries()) {
      if (!network.availabilityZones.includes(availabilityZone)) {
        wrong(["macs", "hosts", index, "availabilityZone"], "is none of network.availabilityZones");
      }
      if (macs.hosts.findIndex((other) => other.name === name) !== index) {
        wrong(["macs", "hosts", index, "name"], `${name} is there twice`);
      }
    }
    if (macs.instanceType === "mac1.metal") {
      wrong(["macs", "instanceType"], "mac1.metal has an Intel processor, on which Tart does not run");
    }
    if (macs.throughputMiBps > macs.iops / 4) {
      wrong(["macs", "throughputMiBps"], "may be at most a quarter of iops for gp3");
    }
  });

/** What a fleet on AWS is made of; `infra/fleet.example.json` shows all of it. */
export type Settings = z.output<typeof schema>;
export type MacHost = Settings["macs"]["hosts"][number];

/**
 * Reads settings that come from JSON.
 *
 * @throws SettingsError with every mistake and the field that it is in
 */
export function parseSettings(value: unknown): Settings {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map(
    ({ path, message }) => `  ${path.join(".") || "all of it"}: ${message}`,
  );
  throw new SettingsError(mistakes.join("\n"));
}

/**
 * Reads the settings of a fleet.
 *
 * @throws SettingsError when the file is not there, is no JSON, or has mistakes
 */
export function readSettings(path: string): Settings {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new SettingsError(`There is no ${path}. Begin with a copy of fleet.example.json.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SettingsError(`${path} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    return parseSettings(value);
  } catch (error) {
    throw error instanceof SettingsError ? new SettingsError(`${path}:\n${error.message}`) : error;
  }
}
