import { Secret } from "@tartfleet/shared";
import type { EcrHost } from "./host.ts";
import { troubleOf, type EcrTrouble } from "./trouble.ts";

/** What a registry of ECR's takes as a password. */
export interface EcrToken {
  username: string;
  password: Secret;
  /** Milliseconds. */
  expiresAt: number;
}

export type FetchToken = (host: EcrHost) => Promise<EcrToken | { trouble: EcrTrouble }>;

const CONNECT_MS = 2000;
const ANSWER_MS = 4000;
const ATTEMPTS = 2;

/**
 * Asks ECR for a token, as whomever the SDK's own chain finds: the environment, ~/.aws, the instance's role. The
 * SDK is loaded by the first question: 30 MB that a host without ECR does not pay for. Never rejects.
 */
export async function fetchEcrToken(host: EcrHost): ReturnType<FetchToken> {
  const { region } = host;
  const { ECRClient, GetAuthorizationTokenCommand } = await import("@aws-sdk/client-ecr");
  const client = new ECRClient({
    region,
    useFipsEndpoint: host.isFips,
    useDualstackEndpoint: host.isDualStack,
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true },
  });
  try {
    const { authorizationData: [given] = [] } = await client.send(new GetAuthorizationTokenCommand({}));
    const [username = "", password = ""] = Buffer.from(given?.authorizationToken ?? "", "base64")
      .toString()
      .split(/:(.*)/s);
    if (username === "" || password === "" || given?.expiresAt === undefined)
      return { trouble: troubleOf(new Error("its answer has none"), region) };
    return { username, password: new Secret(password), expiresAt: given.expiresAt.getTime() };
  } catch (error) {
    return { trouble: troubleOf(error, region) };
  } finally {
    client.destroy();
  }
}
