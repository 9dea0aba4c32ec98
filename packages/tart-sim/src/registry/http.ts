import { type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { isIP } from "node:net";
import { swiftFailure, type TartFailure } from "../cli/failure.ts";
import { isRecord } from "../host/shape.ts";
import type { Sim } from "../sim.ts";

export interface HttpRequest {
  method: string;
  url: URL;
  headers?: Readonly<Record<string, string>>;
  body?: Buffer | string | undefined;
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Where the host that a reference names is listening: host.json's `registries`, as /etc/hosts would have it. */
function addressOf(sim: Sim, { host, hostname, port, protocol }: URL): { host: string; port: number } {
  const given = sim.host.registries[host];
  const to = given === undefined ? undefined : new URL(`${protocol}//${given}`);
  const usual = protocol === "https:" ? 443 : 80;
  return { host: to?.hostname ?? hostname, port: Number(to?.port || port || usual) };
}

/** One request. Fails in the words in which macOS tells what went wrong on the network (tart-contract §5.6). */
export function send(sim: Sim, { method, url, headers = {}, body }: HttpRequest): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const isTls = url.protocol === "https:";
  const request = (isTls ? tlsRequest : plainRequest)({
    ...addressOf(sim, url),
    method,
    path: `${url.pathname}${url.search}`,
    headers: {
      host: url.host,
      ...headers,
      ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
    },
    signal: sim.cancelled,
    // As in a certificate: the name that was typed, wherever it leads.
    ...(isTls && isIP(url.hostname) === 0 ? { servername: url.hostname } : {}),
  });
  request.on("error", (error) => reject(sim.cancelled.aborted ? error : networkFailure(error, url)));
  request.on("response", (response: IncomingMessage) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("error", (error) => reject(sim.cancelled.aborted ? error : networkFailure(error, url)));
    response.on("end", () =>
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: Buffer.concat(chunks),
      }),
    );
  });
  request.end(body);
  return promise;
}

const NETWORK_TEXTS: Readonly<Record<string, string>> = {
  ENOTFOUND: "A server with the specified hostname could not be found.",
  EAI_AGAIN: "A server with the specified hostname could not be found.",
  ECONNREFUSED: "Could not connect to the server.",
  ETIMEDOUT: "The request timed out.",
  ENETUNREACH: "The Internet connection appears to be offline.",
  EHOSTUNREACH: "The Internet connection appears to be offline.",
};

function networkFailure(error: unknown, { hostname }: URL): TartFailure {
  const code = isRecord(error) && typeof error["code"] === "string" ? error["code"] : "";
  if (/CERT|ISSUER|SIGNATURE|ALTNAME/.test(code)) {
    return swiftFailure(
      `The certificate for this server is invalid. You might be connecting to a server that is pretending to be “${hostname}” which could put your confidential information at risk.`,
    );
  }
  if (code === "EPROTO") {
    return swiftFailure("An SSL error has occurred and a secure connection to the server cannot be made.");
  }
  return swiftFailure(NETWORK_TEXTS[code] ?? "The network connection was lost.");
}
