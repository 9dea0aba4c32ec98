import { z } from "zod";

/** What a source says that the packer which looks at it offline does not know: of amazon-ebs 1.8.2's hcl2spec. */
const NEWER: Readonly<Record<string, readonly string[]>> = {
  placement: ["tenancy", "host_id", "host_resource_group_arn"],
  metadata_options: [
    "http_endpoint",
    "http_tokens",
    "http_put_response_hop_limit",
    "http_protocol_ipv6",
    "instance_metadata_tags",
  ],
  license_specifications: ["license_configuration_request"],
};

/** The same, without braces. */
export const NEWER_BLOCKS: readonly string[] = Object.keys(NEWER);
export const NEWER_OPTIONS: readonly string[] = [
  "imds_support",
  "deprecate_at",
  "temporary_security_group_source_public_ip",
];

const block = z.tuple([z.record(z.string(), z.unknown())]).transform(([one]) => one);
const sourceSchema = z.looseObject({
  placement: block.optional(),
  metadata_options: block.optional(),
  launch_block_device_mappings: block.optional(),
  source_ami_filter: block.optional(),
  aws_polling: block.optional(),
  dynamic: z.record(z.string(), z.array(z.looseObject({ content: block }))).default({}),
});

/** What makes a source of builder `amazon-ebs` unfit for a Mac, or an AMI that hosts could not be started from. */
export function macSourceProblems(source: unknown): string[] {
  const { placement, metadata_options, launch_block_device_mappings, source_ami_filter, ...rest } =
    sourceSchema.parse(source);
  const blocks = {
    placement,
    metadata_options,
    license_specifications: rest.dynamic["license_specifications"]?.[0]?.content,
  };
  const rules: [boolean, string][] = [
    [placement?.["tenancy"] === "host", "a Mac is on a dedicated host only: placement's tenancy"],
    [
      metadata_options?.["http_tokens"] === "required" && rest["imds_support"] === "v2.0",
      "version 1 of the metadata service is on: metadata_options' http_tokens, imds_support",
    ],
    [
      metadata_options?.["instance_metadata_tags"] === "enabled",
      "the boot script finds no tags: metadata_options' instance_metadata_tags",
    ],
    [launch_block_device_mappings?.["encrypted"] === true, "the volume is not encrypted"],
    [
      isOnAppleSilicon(source_ami_filter?.["filters"]),
      "tart runs on Apple silicon only: source_ami_filter's architecture",
    ],
    [rest.aws_polling !== undefined, "packer does not wait as long as a Mac takes: aws_polling"],
    [
      rest["ssh_clear_authorized_keys"] === true,
      "packer's key opens every instance: ssh_clear_authorized_keys",
    ],
  ];
  return [
    ...rules.filter(([kept]) => !kept).map(([, problem]) => problem),
    ...Object.entries(blocks).flatMap(([name, options]) =>
      Object.keys(options ?? {})
        .filter((option) => NEWER[name]?.includes(option) === false)
        .map((option) => `${name} has no option ${option}`),
    ),
  ];
}

const isOnAppleSilicon = (filters: unknown) => JSON.stringify(filters ?? {}).includes('"arm64_mac"');
