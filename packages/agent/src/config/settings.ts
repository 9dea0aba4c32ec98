import { baseUrl, logLevel, onOff, path, seconds, wholeNumber } from "@tartfleet/settings";
import { enrolHostSchema, labelsSchema, nameSchema, secret } from "@tartfleet/shared";
import { z } from "zod";

/** Given several times, or as one comma-separated variable. */
const labels = z
  .array(z.string())
  .transform((given, context) => {
    const pairs = given.flatMap((text) => text.split(",")).filter((pair) => pair !== "");
    const wrong = pairs.filter((pair) => !pair.includes("="));
    if (wrong.length > 0) {
      context.addIssue({ code: "custom", message: `must be key=value, not ${wrong.join(", ")}` });
      return z.NEVER;
    }
    return Object.fromEntries(
      pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    );
  })
  .pipe(labelsSchema);

const token = z.string().regex(/^[\x21-\x7e]{1,1024}$/, "must be one printable word");

/**
 * Every setting of the agent, once: the flag (`--data-dir`), the variable (`TARTFLEET_DATA_DIR`), the help
 * text and the type are all made from this. What is not here has no flag: see `SECRETS`.
 */
export const SETTINGS = z.object({
  url: baseUrl("is needed: where is the control plane?").describe("URL of the control plane"),
  name: nameSchema.optional().describe("Name of this host (default: from its hostname)"),
  enrolmentTokenFile: path
    .optional()
    .describe("File that holds an enrolment token; needed once. Or the variable TARTFLEET_ENROLMENT_TOKEN"),
  caFile: path
    .optional()
    .describe(
      "PEM file of the authority that signed the control plane's certificate (default: those that Node knows). Not needed with tokens that carry a pin",
    ),
  insecure: onOff.describe(
    "Speak plain http:// off this machine: everyone on the way can read the credential and VMs' secrets",
  ),
  dataDir: path
    .optional()
    .describe("Folder of the credential, the journal and the logs of VMs (default ~/.tartfleet-agent)"),
  tart: path.optional().describe("The tart executable (default: tart on PATH)"),
  tartHome: path.optional().describe("TART_HOME (default: the variable TART_HOME, or ~/.tart)"),
  vmProcesses: z
    .enum(["launchd", "child"], "must be launchd or child")
    .optional()
    .describe(
      "Who starts VMs: launchd, or the agent itself (default: launchd on a Mac whose user is logged in at the screen)",
    ),
  label: labels
    .optional()
    .describe("A label of this host, key=value; repeatable. The variable takes a comma-separated list"),
  machineId: enrolHostSchema.shape.machineId
    .optional()
    .describe("What tells this machine from all others (default: its hardware's or system's own id)"),
  cpu: wholeNumber(1, 1024).optional().describe("CPUs to offer (default: all)"),
  memoryMib: wholeNumber(512, 16_777_216).optional().describe("Memory to offer, in MiB (default: all)"),
  osVersion: z
    .string()
    .regex(/^[\w.+-]{1,64}$/, "must be a version")
    .optional()
    .describe("Version of the host's macOS to report (default: what the system says)"),
  sshUser: z
    .string()
    .regex(/^[A-Za-z_][\w.-]{0,63}$/, "must be a user name")
    .prefault("admin")
    .describe("User in guests that are reached by ssh (default admin)"),
  sshPasswordFile: path
    .optional()
    .describe("File that holds that user's password (default: the password admin)"),
  sshKey: path.optional().describe("Private key file for that user"),
  sshPort: wholeNumber(1, 65_535).prefault("22").describe("Port of ssh in guests (default 22)"),
  bootTimeoutSeconds: seconds(5, 86_400)
    .prefault("300")
    .describe("How long a guest may take to answer (default 300)"),
  slotTimeoutSeconds: seconds(0, 86_400)
    .prefault("300")
    .describe("How long an attempt waits for a macOS slot of the host (default 300)"),
  orphanGraceSeconds: seconds(0, 86_400)
    .prefault("30")
    .describe("How long an instance must be unwanted before it is removed (default 30)"),
  lookSeconds: seconds(0.1, 60)
    .prefault("3")
    .describe("How often the host is looked at when nothing happens (default 3)"),
  logLevel,
});

/** Secrets: never flags, because every user of the machine can read a command line. */
export const SECRETS = z.object({ enrolmentToken: secret(token).optional() });

export type Settings = z.output<typeof SETTINGS> & z.output<typeof SECRETS>;
