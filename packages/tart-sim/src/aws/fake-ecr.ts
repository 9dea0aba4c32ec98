import { randomBytes, randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { type AwsState, issuePassword, startEcrApi } from "./ecr-api.ts";
import { startEcrRegistry } from "./ecr-registry.ts";
import { listen } from "./listen.ts";
import { startFakeMetadata } from "./metadata.ts";

export interface FakeEcrOptions {
  /** PEM, for `FAKE_ECR_HOST`. */
  tls: { key: string; cert: string };
  /** `127.0.0.1:port` of a registry without authentication, in plain HTTP. */
  upstream: string;
}

/** One account's registry in one region, the API that gives out its passwords, and an instance that has a role. */
export interface FakeEcr extends AsyncDisposable {
  /** Of the registry. */
  address: string;
  /** By which the AWS SDK, and fetch, of a process that starts with it find all of this and not Amazon. */
  env: Record<string, string>;
  /** A password for somebody who asks by other ways. */
  issue(): string;
  /** Every password that was given out. */
  passwords(): string[];
  /** Questions to the API so far. */
  questions(): number;
  /** The actions as which IAM judges what was asked since the last call of this. */
  takeActions(): string[];
  /** How long passwords are good for that are given from now on. */
  setTokenMs(ms: number): void;
  /** No password that was given is taken any more, though its time is not over. */
  revoke(): void;
  deny(...actions: string[]): void;
  allow(): void;
  /** Takes the instance's role away, or gives it one. */
  setRole(role: string | undefined): void;
  /** What is lent to the instance from now on is not good any more. */
  lendExpired(): void;
  /** By how much AWS's clock is ahead. */
  setAheadMs(ms: number): void;
  /** The registry, and it alone, is gone for good. */
  stopRegistry(): Promise<void>;
}

const ACCOUNT = "123456789012";
const REGION = "eu-central-1";
export const FAKE_ECR_HOST = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com`;
const TOKEN_MS = 12 * 3600 * 1000;

/** @returns what looks like ECR in eu-central-1, as far as hosts of a fleet see it */
export async function startFakeEcr({ tls, upstream }: FakeEcrOptions): Promise<FakeEcr> {
  const aws: AwsState = {
    account: ACCOUNT,
    region: REGION,
    tokenMs: TOKEN_MS,
    aheadMs: 0,
    denied: new Set(),
    lent: new Map(),
    lendsExpired: false,
    passwords: new Map(),
    actions: new Set(),
    questions: 0,
  };
  const given: string[] = [];
  const metadata = await startFakeMetadata(() => {
    const lent = {
      accessKeyId: `ASIA${randomBytes(8).toString("hex").toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString("base64"),
      sessionToken: `${randomUUID()}/${randomBytes(200).toString("base64")}`,
    };
    aws.lent.set(lent.accessKeyId, lent);
    return lent;
  });
  const api = await startEcrApi(aws);
  const registry = await startEcrRegistry(aws, { tls, upstream });
  const proxy = await startProxy(registry.address);
  return {
    address: registry.address,
    env: {
      AWS_ENDPOINT_URL_ECR: `http://${api.address}`,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.url,
      NODE_USE_ENV_PROXY: "1",
      HTTPS_PROXY: `http://${proxy.address}`,
      NO_PROXY: "127.0.0.1,localhost",
    },
    issue: () => issuePassword(aws).password,
    passwords: () => [...new Set([...given, ...aws.passwords.keys()])],
    questions: () => aws.questions,
    takeActions() {
      const taken = [...aws.actions];
      aws.actions.clear();
      return taken;
    },
    setTokenMs: (ms) => void (aws.tokenMs = ms),
    revoke() {
      given.push(...aws.passwords.keys());
      aws.passwords.clear();
    },
    deny: (...actions) => actions.forEach((action) => aws.denied.add(action)),
    allow: () => aws.denied.clear(),
    setRole: (role) => metadata.setRole(role),
    lendExpired: () => void (aws.lendsExpired = true),
    setAheadMs: (ms) => void (aws.aheadMs = ms),
    stopRegistry: () => close(registry.server),
    async [Symbol.asyncDispose]() {
      await Promise.all([api.server, registry.server, proxy.server].map(close));
      await metadata[Symbol.asyncDispose]();
    },
  };
}

/** A proxy by whose word every host is the registry: names of Amazon's stay on this machine. */
async function startProxy(target: string) {
  const [host = "", port = ""] = target.split(":");
  const server = createServer();
  server.on("connect", (_request, client, head) => {
    const registry = connect(Number(port), host, () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      registry.write(head);
      registry.pipe(client).pipe(registry);
    });
    registry.on("error", () => client.destroy());
    client.on("error", () => registry.destroy());
  });
  return { server, address: await listen(server) };
}

async function close(server: Pick<Server, "close" | "closeAllConnections" | "listening">): Promise<void> {
  if (!server.listening) return;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
