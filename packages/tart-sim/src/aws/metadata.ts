import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { listen } from "./listen.ts";

/** Of a role, as an instance is lent them. */
export interface RoleCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

export interface FakeMetadata extends AsyncDisposable {
  /** For AWS_EC2_METADATA_SERVICE_ENDPOINT. */
  url: string;
  /** Gives the instance another role, or takes it away. */
  setRole(role: string | undefined): void;
}

const ROLES = "/latest/meta-data/iam/security-credentials/";
const LENT_MS = 6 * 3600 * 1000;

/**
 * The instance metadata service of EC2 (IMDSv2): answers only who has fetched a session's token by PUT. Of the
 * metadata it has an instance's role.
 */
export async function startFakeMetadata(lend: (role: string) => RoleCredentials): Promise<FakeMetadata> {
  const sessions = new Set<string>();
  let role: string | undefined = "tartfleet-host";

  const server = createServer((request, response) => {
    const { method, url = "/", headers } = request;
    const answer = (status: number, text = "") => void response.writeHead(status).end(text);
    if (url === "/latest/api/token") {
      if (method !== "PUT" || !(Number(headers["x-aws-ec2-metadata-token-ttl-seconds"]) > 0))
        return answer(400);
      const token = randomUUID();
      sessions.add(token);
      return answer(200, token);
    }
    if (!sessions.has(String(headers["x-aws-ec2-metadata-token"]))) return answer(401);
    if (role === undefined) return answer(404);
    if (url === ROLES) return answer(200, role);
    if (url !== `${ROLES}${role}`) return answer(404);
    const { accessKeyId, secretAccessKey, sessionToken } = lend(role);
    const lent = {
      Code: "Success",
      LastUpdated: new Date().toISOString(),
      Type: "AWS-HMAC",
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: sessionToken,
      Expiration: new Date(Date.now() + LENT_MS).toISOString(),
    };
    return answer(200, JSON.stringify(lent));
  });
  const address = await listen(server);
  return {
    url: `http://${address}`,
    setRole: (given) => void (role = given),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
