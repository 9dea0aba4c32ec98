import { readFile } from "node:fs/promises";
import { reveal, Secret, secret } from "@tartfleet/shared";
import type { Trust } from "@tartfleet/tls";
import { z } from "zod";
import { writeFileDurably } from "../journal/durable-file.ts";
import { enrol, type EnrolFailure } from "../link/enrol.ts";
import { AgentStop, type EXIT } from "./exit.ts";

const credentialSchema = z.object({
  name: z.string(),
  machineId: z.string(),
  credential: secret(z.string().min(1)),
});

/** What the control plane knows this host by. */
export type Credential = z.infer<typeof credentialSchema>;

export interface Enrolment {
  url: string;
  name: string;
  machineId: string;
  /** Undefined when none was given. */
  token: Secret | undefined;
  /** Whom to trust with a token. @throws AgentStop when it must not be sent */
  trust(token: Secret): Trust;
  /** File of the credential, readable by the agent's user alone. */
  path: string;
}

/** @throws AgentStop when the file is there but makes no sense */
export async function readCredential(path: string): Promise<Credential | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new AgentStop("settings", `the credential ${path} cannot be read: ${String(error)}`);
  }
  const parsed = credentialSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new AgentStop("settings", `the credential ${path} is damaged; remove it and enrol anew`);
}

/** @throws AgentStop when there is no token, nobody answers, or the answer is no */
export async function enrolAnew(enrolment: Enrolment): Promise<Credential> {
  const { url, name, machineId, token, path, trust } = enrolment;
  if (token === undefined) {
    throw new AgentStop(
      "settings",
      "this host is not enrolled yet; give an enrolment token by --enrolment-token-file or TARTFLEET_ENROLMENT_TOKEN",
    );
  }
  const enrolled = await enrol(url, token.reveal(), { name, machineId }, trust(token));
  if (!enrolled.ok) {
    const { exit, advice } = ADVICE[enrolled.failure.kind];
    throw new AgentStop(exit, `cannot enrol as ${name}: ${enrolled.failure.message}. ${advice}`);
  }
  const { name: given, credential: granted } = enrolled.value;
  const credential = { name: given, machineId, credential: new Secret(granted) };
  await writeFileDurably(path, JSON.stringify(reveal(credential)));
  return credential;
}

const ADVICE: Record<EnrolFailure["kind"], { exit: keyof typeof EXIT; advice: string }> = {
  refused: { exit: "refused", advice: "Check the enrolment token and --name" },
  unreachable: { exit: "noControlPlane", advice: "Check --url and that the control plane runs" },
  not_trusted: {
    exit: "notTrusted",
    advice:
      "The enrolment token was not sent. Check --url, and --ca-file if an authority of your own signed its certificate",
  },
  not_a_control_plane: { exit: "noControlPlane", advice: "Check --url" },
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
