import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** What a signed request says of itself (AWS reference: "Signature Version 4"). */
export interface Signed {
  accessKeyId: string;
  region: string;
  service: string;
  /** As it stands in `x-amz-date`: 20261126T213000Z. */
  date: string;
  /** Does the signature fit what was sent? */
  isBy(secretAccessKey: string): boolean;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
/** A signature that leaves these out could be put under another question. */
const MUST_BE_SIGNED = ["host", "x-amz-date", "x-amz-target"];

/** Undefined when the request is not signed as AWS asks. */
export function readSignature(
  { method, url = "/", headers }: IncomingMessage,
  body: string,
): Signed | undefined {
  const [, accessKeyId = "", day = "", region = "", service = "", names = "", signature] =
    AUTHORIZATION.exec(headers.authorization ?? "") ?? [];
  const date = header(headers["x-amz-date"]);
  const signed = names.split(";");
  if (signature === undefined || !date.startsWith(day)) return undefined;
  if (MUST_BE_SIGNED.some((name) => !signed.includes(name))) return undefined;
  const [path = "/", query = ""] = url.split("?");
  const request = [
    method,
    path,
    query,
    ...signed.map((name) => `${name}:${header(headers[name]).trim()}`),
    "",
    names,
    sha256(body),
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(request)}`;
  return {
    accessKeyId,
    region,
    service,
    date,
    isBy(secretAccessKey) {
      const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
        (from, part) => createHmac("sha256", from).update(part).digest(),
        `AWS4${secretAccessKey}`,
      );
      return createHmac("sha256", key).update(text).digest("hex") === signature;
    },
  };
}

const header = (value: string | string[] | undefined): string => [value ?? ""].flat().join(",");
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
