import { baseUrl, logLevel, onOff, path, wholeNumber } from "@tartfleet/settings";
import { DEFAULT_PRIORITY, labelKeySchema, prioritySchema } from "@tartfleet/shared";
import { z } from "zod";
import type { PriorityClass } from "../domain/scheduling/shares.ts";

/** A count or a duration with a default. */
const wholeNumberOr = (minimum: number, maximum: number, preset: number) =>
  wholeNumber(minimum, maximum).prefault(String(preset));

const DAY = 86_400;
const phaseBudget = (preset: number) => wholeNumberOr(1, DAY, preset);

/** A socket address: `host:port`, `[ipv6]:port` or just `:port`. */
export interface ListenAddress {
  host: string;
  /** 0 lets the system choose. */
  port: number;
}

const LISTEN = /^(?:\[(?<ipv6>[0-9a-fA-F:.]+)\]|(?<host>[A-Za-z0-9.-]*)):(?<port>\d{1,5})$/;

const listen = z
  .string()
  .transform((text, context): ListenAddress => {
    const groups = LISTEN.exec(text)?.groups;
    const port = Number(groups?.["port"]);
    if (groups && port <= 65_535) return { host: groups["ipv6"] || groups["host"] || "0.0.0.0", port };
    context.addIssue({
      code: "custom",
      message: "must be HOST:PORT, like 127.0.0.1:7337, [::1]:7337 or :7337 for every address",
    });
    return z.NEVER;
  })
  .prefault("127.0.0.1:7337");

const proxies = z
  .array(
    z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
      error: "must be an address or a range of them, like 10.0.0.7 or 10.0.0.0/8",
    }),
  )
  .prefault([]);

const labelKeys = z
  .array(labelKeySchema)
  .max(4, "at most 4 labels")
  .refine((keys) => new Set(keys).size === keys.length, "each once")
  .prefault([]);

const CLASS = /^(?<name>[^:]+)(?::(?<reserved>\d{1,6}))?$/;

const priorityClasses = z
  .string()
  .transform((text, context): PriorityClass[] => {
    const classes = text.split(",").map((part): PriorityClass | undefined => {
      const groups = CLASS.exec(part.trim())?.groups;
      const name = prioritySchema.safeParse(groups?.["name"]).data;
      return name === undefined ? undefined : { name, reserved: Number(groups?.["reserved"] ?? 0) };
    });
    const known = classes.filter((found) => found !== undefined);
    const names = new Set(known.map(({ name }) => name));
    if (names.size === classes.length && names.has(DEFAULT_PRIORITY)) return known;
    context.addIssue({
      code: "custom",
      message: `must be names like release:2,default,batch, each once, the most urgent first, ${DEFAULT_PRIORITY} among them`,
    });
    return z.NEVER;
  })
  .prefault("release,default,batch");

/**
 * Every setting of the control plane, once: the flag (`--max-ttl-seconds`), the variable
 * (`TARTFLEET_MAX_TTL_SECONDS`), the help text and the type are all made from this.
 */
export const SETTINGS = z.object({
  listen: listen.describe("Address to serve on, HOST:PORT; port 0 takes a free one (default 127.0.0.1:7337)"),
  dataDir: path
    .prefault("tartfleet-data")
    .describe("Folder of the database and the first admin token (default ./tartfleet-data)"),
  secretsKeyCommand: path
    .optional()
    .describe(
      "Executable that prints the key of what is sealed in the database, 32 bytes as hex or base64; run at the start, without arguments (default: secrets.key in the data directory)",
    ),
  dashboard: path
    .optional()
    .describe("Folder of the dashboard's files (default: where the workspace builds them, if it has)"),
  publicUrl: baseUrl()
    .optional()
    .describe("Where VMs and agents reach this control plane (default: from --listen)"),
  tlsCertificate: path
    .optional()
    .describe(
      "PEM file of the certificate chain to serve TLS with; read again when it changes. With --tls-key",
    ),
  tlsKey: path.optional().describe("PEM file of its private key"),
  tlsSelfSigned: onOff.describe(
    "Serve TLS with a certificate that the control plane makes itself. So it does anyway off loopback without --tls-certificate",
  ),
  guestCaFile: path
    .optional()
    .describe("PEM file of the authority by which guests verify --public-url (default: their system's)"),
  insecure: onOff.describe("Speak plain text off loopback: everyone on the way can read tokens and secrets"),
  logLevel,
  oidcConfig: path
    .optional()
    .describe("JSON file of OpenID Connect issuers whose tokens are accepted (default: none)"),
  azureConfig: path
    .optional()
    .describe("JSON file of the Azure Pipelines whose jobs are served, and of their agents (default: none)"),
  circleciConfig: path
    .optional()
    .describe("JSON file of the CircleCI whose jobs are served, and of their runners (default: none)"),
  githubConfig: path
    .optional()
    .describe("JSON file of the GitHub whose jobs are served, and of their runners (default: none)"),
  buildkiteConfig: path
    .optional()
    .describe("JSON file of the Buildkite whose queues are served, and of their runners (default: none)"),
  trustedProxy: proxies.describe(
    "Address or CIDR of a proxy of yours whose X-Forwarded-For is believed; may be given several times",
  ),
  maxConnections: wholeNumberOr(1, 1_000_000, 20_000).describe("Connections in sum"),
  maxConnectionsPerAddress: wholeNumberOr(1, 1_000_000, 5000).describe("Connections from one address"),
  maxCallsPerSecond: wholeNumberOr(1, 1_000_000, 2000).describe("Calls a second of one token"),
  maxTtlSeconds: wholeNumberOr(60, 365 * DAY, DAY).describe("Longest time to live that a VM may ask for"),
  defaultQueueTimeoutSeconds: wholeNumberOr(1, 7 * DAY, DAY).describe("How long a VM waits for a slot"),
  maxQueuedPerTeam: wholeNumberOr(1, 1_000_000, 10_000).describe("How many VMs of one team may wait"),
  noJobTimeoutSeconds: wholeNumberOr(0, 7 * DAY, 1800).describe(
    "How long a GitHub runner may wait for its job before its guest ends it; 0 for ever",
  ),
  maxAttempts: wholeNumberOr(1, 100, 3).describe("How often a VM that fails before it is ready is tried"),
  priorityClasses: priorityClasses.describe(
    "Classes of priority inside every team, the most urgent first; NAME:N keeps N slots of the fleet free for it (default release,default,batch)",
  ),
  ageingSeconds: wholeNumberOr(0, 7 * DAY, 900).describe(
    "How long a VM waits until it is as urgent as one of the class above that came just now",
  ),
  layout: z
    .enum(["spread", "pack"])
    .prefault("spread")
    .describe("Place VMs on the emptiest host that fits, or on the fullest (default spread)"),
  breakerRestSeconds: wholeNumberOr(0, DAY, 300).describe(
    "How long a host that fails again and again gets nothing before one VM tries it; doubled each time in a row; 0 closes none",
  ),
  pullsPerRegistry: wholeNumberOr(1, 10_000, 4).describe(
    "How many hosts fetch images from one registry at once, when they are pre-pulled or pinned",
  ),
  imageResolveTtlSeconds: wholeNumberOr(0, DAY, 60).describe(
    "How long it is believed what a tag stands for, before a host asks the registry again; 0: tags are not resolved, and mean what they mean on each host",
  ),
  pruneBelowPercent: wholeNumberOr(0, 100, 10).describe(
    "Below so many percent of a host's disk free, images that it fetched and nobody needs are removed, the least recently used first; 0 never (default 10)",
  ),
  pruneUntilPercent: wholeNumberOr(0, 100, 20).describe("Until so many percent are free (default 20)"),
  webhookAllowPrivate: onOff.describe(
    "Let webhooks be plain http and go to addresses of private networks, this machine's among them",
  ),
  accountLabel: labelKeys.describe(
    "Key of a label of VMs by which slot-minutes are reported; may be given several times, up to 4 (default: none)",
  ),
  keepEndedDays: wholeNumberOr(0, 3650, 90).describe(
    "How long ended VMs and their events are kept; 0 for ever",
  ),
  keepAuditDays: wholeNumberOr(0, 3650, 400).describe("How long rows of the audit log are kept; 0 for ever"),
  maxHoldSeconds: wholeNumberOr(0, 7 * DAY, 14_400).describe(
    "Longest time for which a VM may be held for debugging",
  ),
  maxTunnels: wholeNumberOr(0, 100_000, 500).describe("Tunnels to VMs (exec, ssh, vnc, logs) open at once"),
  maxTunnelsPerHost: wholeNumberOr(0, 100_000, 50).describe("Of those, to the VMs of one host"),
  maxTunnelsPerToken: wholeNumberOr(0, 100_000, 50).describe("Of those, of one token"),
  tunnelIdleSeconds: wholeNumberOr(1, 7 * DAY, 1800).describe(
    "How long a tunnel may carry nothing before it is ended",
  ),
  tunnelMaxSeconds: wholeNumberOr(1, 30 * DAY, DAY).describe("How long a tunnel may be open"),
  hookGraceSeconds: wholeNumberOr(0, DAY, 90).describe("How long a VM lives on after its job's hook ran"),
  exitSettleSeconds: wholeNumberOr(0, DAY, 10).describe("How long a VM lives on after its runner exited"),
  heartbeatSeconds: wholeNumberOr(1, 3600, 5).describe("How often an agent gives a sign of life"),
  leaseSeconds: wholeNumberOr(2, DAY, 30).describe("How long a host counts as connected after one"),
  silentGraceSeconds: wholeNumberOr(0, DAY, 60).describe(
    "After the lease: how long until a VM that is not ready yet is tried elsewhere",
  ),
  assignedTimeoutSeconds: phaseBudget(120).describe("How long a host may take to begin"),
  pullStallSeconds: phaseBudget(900).describe("How long an image pull may stand still"),
  cloneTimeoutSeconds: phaseBudget(600).describe("How long cloning may take"),
  bootTimeoutSeconds: phaseBudget(600).describe("How long the guest may take to answer"),
  provisionTimeoutSeconds: phaseBudget(300).describe("How long setting up the guest may take"),
  stopTimeoutSeconds: phaseBudget(300).describe("How long stopping may take"),
});

export type Settings = z.output<typeof SETTINGS>;
