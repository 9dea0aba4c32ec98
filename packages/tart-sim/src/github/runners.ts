import { randomBytes } from "node:crypto";
import type { RunnerCredentials, RunnerFiles, RunnerSettings } from "./protocol.ts";

export interface RegisteredRunner {
  name: string;
  labels: string[];
}

/** Who may ask for jobs: the runners by their secret, and the tokens that make new ones. */
export function createRunnerRegister(serverUrl: () => string) {
  const runners = new Map<string, RegisteredRunner>();
  const tokens = new Set<string>();

  return {
    /** Registers a runner; its files are what `config.sh` or a JIT configuration leaves in its directory. */
    add(runner: RegisteredRunner): RunnerFiles {
      const secret = randomBytes(24).toString("base64url");
      runners.set(secret, runner);
      const settings: RunnerSettings = { agentName: runner.name, serverUrl: serverUrl(), ephemeral: true };
      const credentials: RunnerCredentials = { scheme: "OAuth", data: { token: secret } };
      return {
        ".runner": encode(settings),
        ".credentials": encode(credentials),
        ".credentials_rsaparams": encode({ d: randomBytes(32).toString("base64") }),
      };
    },
    newToken(): string {
      const token = randomBytes(16).toString("hex").toUpperCase();
      tokens.add(token);
      return token;
    },
    acceptsToken: (token: string): boolean => tokens.has(token),
    bySecret: (secret: string): RegisteredRunner | undefined => runners.get(secret),
    removeBySecret: (secret: string): boolean => runners.delete(secret),
    named: (name: string): RegisteredRunner | undefined =>
      [...runners.values()].find((runner) => runner.name === name),
  };
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64");
