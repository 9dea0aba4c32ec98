import { generateKeyPairSync, randomBytes, type KeyObject, type KeyPairKeyObjectResult } from "node:crypto";
import { jwtVerify } from "jose";
import { Refusal } from "./http.ts";

/** An App's installation token lives for an hour (docs.github.com, "Authenticating as a GitHub App installation"). */
const TOKEN_MS = 3_600_000;
/** GitHub takes no JWT that lives for more than ten minutes. */
const LONGEST_JWT_S = 600;

/** Making one takes longer than most tests: all stand-ins of a process have the same. */
let madeKeys: KeyPairKeyObjectResult | undefined;

/** One App with one installation, and personal access tokens for those who must. */
export function makeAuth() {
  madeKeys ??= generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { privateKey, publicKey } = madeKeys;
  const tokens = new Map<string, number>();
  const registrations = new Map<string, number>();
  const issued = { jwt: 0, installation: 0 };

  async function requireApp(request: Request, appId: number): Promise<void> {
    const found = bearerOf(request);
    try {
      const { payload } = await jwtVerify(found, publicKey, {
        algorithms: ["RS256"],
        currentDate: new Date(),
        clockTolerance: 0,
        requiredClaims: ["iat", "exp"],
      });
      // A number as the issuer is taken too, as older clients send it.
      if (String(payload.iss) !== String(appId)) throw new Error("its issuer");
      const { iat = 0, exp = 0 } = payload;
      if (exp - iat > LONGEST_JWT_S || iat > Date.now() / 1000) throw new Error("its times");
      issued.jwt += 1;
    } catch {
      throw new Refusal(401, "A JSON web token could not be decoded");
    }
  }

  return {
    privateKey: pem(privateKey),
    issued,
    requireApp,
    newInstallationToken(): { token: string; expires_at: string } {
      const token = `ghs_${randomBytes(18).toString("hex")}`;
      const until = Date.now() + TOKEN_MS;
      tokens.set(token, until);
      issued.installation += 1;
      return { token, expires_at: new Date(until).toISOString() };
    },
    /** A personal access token, which does not end by itself. */
    newPersonalToken(): string {
      const token = `ghp_${randomBytes(18).toString("hex")}`;
      tokens.set(token, Number.POSITIVE_INFINITY);
      return token;
    },
    newRegistrationToken(): { token: string; expires_at: string } {
      const token = randomBytes(15).toString("hex").toUpperCase();
      const until = Date.now() + TOKEN_MS;
      registrations.set(token, until);
      return { token, expires_at: new Date(until).toISOString() };
    },
    takesRegistrationToken: (token: string): boolean => (registrations.get(token) ?? 0) > Date.now(),
    /** As if an owner had revoked all that were handed out. */
    revokeAll: () => tokens.clear(),
    /** An installation's tokens begin so; a person's do not. */
    isOfInstallation: (request: Request): boolean => bearerOf(request).startsWith("ghs_"),
    requireToken(request: Request): void {
      const until = tokens.get(bearerOf(request));
      if (until === undefined || until <= Date.now()) throw new Refusal(401, "Bad credentials");
    },
  };
}

export type Auth = ReturnType<typeof makeAuth>;

const bearerOf = (request: Request): string =>
  (request.headers.get("authorization") ?? "").replace(/^(bearer|token) /i, "");

const pem = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();
