import { z } from "zod";

/** Names that people give: DNS-label like, so that they are safe in a path, a shell and a log. */
export const nameSchema = z
  .string()
  .max(63, "must have at most 63 characters")
  .regex(
    /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
    "must be lower-case letters, digits and inner hyphens (like build-42)",
  );

const LABEL_KEY = /^[a-z0-9A-Z]([a-z0-9A-Z._/-]*[a-z0-9A-Z])?$/;
const LABEL_VALUE = /^[a-z0-9A-Z._/:@+-]*$/;

export const labelKeySchema = z
  .string()
  .max(63)
  .regex(LABEL_KEY, "a label's key is letters, digits and . _ / - inside");

/** Labels: at most 32 pairs of printable, unquoted characters. */
export const labelsSchema = z
  .record(
    labelKeySchema,
    z.string().max(255).regex(LABEL_VALUE, "a label's value is letters, digits and . _ / : @ + -"),
  )
  .refine((labels) => Object.keys(labels).length <= 32, "at most 32 labels");
export type Labels = z.infer<typeof labelsSchema>;

const HOST = "[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]{1,5})?";
const NAMESPACE = "[a-z0-9]+(?:[._-]+[a-z0-9]+)*";
const TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const IMAGE = new RegExp(
  `^(?<repository>${HOST}(?:/${NAMESPACE})+)(?::(?<tag>${TAG})|@(?<digest>sha256:[0-9a-f]{64}))?$`,
);

/** The digest of an image's manifest. */
export const digestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/);

/** An OCI reference as `tart pull` takes it (tart-contract §1.6): host/namespace[:tag | @sha256:hex]. */
export const imageSchema = z
  .string()
  .max(512, "must have at most 512 characters")
  .regex(
    IMAGE,
    "must be an OCI reference like ghcr.io/org/image:tag or ghcr.io/org/image@sha256:<64 hex digits>",
  );

const CHANNEL = /^channel:(?<name>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)$/;

/** What a VM may ask for. A channel's text has no slash, without which nothing is an OCI reference. */
export const imageOrChannelSchema = z
  .string()
  .max(512, "must have at most 512 characters")
  .regex(
    new RegExp(`${IMAGE.source}|${CHANNEL.source}`),
    "must be an OCI reference like ghcr.io/org/image:tag or ghcr.io/org/image@sha256:<64 hex digits>, or channel:<name>",
  );

/** The channel that a VM asks for; undefined when it names an image. */
export function channelIn(image: string): string | undefined {
  return CHANNEL.exec(image)?.groups?.["name"];
}

/** What an OCI reference is made of; at most one of tag and digest. Undefined when the text is none. */
export function imageParts(
  reference: string,
): { repository: string; tag: string | undefined; digest: string | undefined } | undefined {
  const groups = IMAGE.exec(reference)?.groups;
  return groups?.["repository"] === undefined
    ? undefined
    : { repository: groups["repository"], tag: groups["tag"], digest: groups["digest"] };
}

/**
 * The form in which tart lists an image: a missing tag is `latest`.
 *
 * @returns undefined when the text is not an OCI reference
 */
export function canonicalImage(reference: string): string | undefined {
  const parts = imageParts(reference);
  if (!parts) return undefined;
  return parts.tag || parts.digest ? reference : `${reference}:latest`;
}

/** What every instance's name begins with; an agent never touches a VM without it. */
export const INSTANCE_PREFIX = "tf-";

/** The tart VM of one attempt. Attempts count from 1. */
export function instanceName(vmId: string, attempt: number): string {
  return `${INSTANCE_PREFIX}${vmId}-${attempt}`;
}

const INSTANCE = new RegExp(`^${INSTANCE_PREFIX}([a-z0-9]+)-([1-9][0-9]{0,3})$`);

/** The VM and attempt that an instance's name speaks of, or undefined when it is not ours. */
export function parseInstanceName(name: string): { vmId: string; attempt: number } | undefined {
  const match = INSTANCE.exec(name);
  return match?.[1] && match[2] ? { vmId: match[1], attempt: Number(match[2]) } : undefined;
}
