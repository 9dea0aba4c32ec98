import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import { CurlFailure, type CurlOptions } from "./options.ts";

/** Sends the request. Rejects with CurlFailure for everything that curl has a number for. */
export async function send(options: CurlOptions): Promise<IncomingMessage> {
  const url = urlOf(options);
  const body = options.get ? undefined : bodyOf(options);
  const method = options.method ?? (options.head ? "HEAD" : body === undefined ? "GET" : "POST");
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const start = url.protocol === "https:" ? httpsRequest : httpRequest;
  const request = start(url, {
    method,
    headers: headersOf(options, body),
    agent: false,
    rejectUnauthorized: !options.insecure,
    ...(options.cacert === undefined ? {} : { ca: options.cacert }),
  });
  request.on("response", resolve);
  request.on("error", (error) => reject(toFailure(error, url)));
  if (options.connectTimeoutMs !== undefined) {
    const timer = setTimeout(
      () => request.destroy(new CurlFailure(28, "Connection timed out")),
      options.connectTimeoutMs,
    );
    request.on("socket", (socket) => socket.once("connect", () => clearTimeout(timer)));
    request.on("close", () => clearTimeout(timer));
  }
  request.end(body);
  return promise;
}

const bodyOf = ({ data }: CurlOptions): string | undefined =>
  data.length === 0 ? undefined : data.join("&");

function urlOf(options: CurlOptions): URL {
  if (options.url === undefined) throw new CurlFailure(2, "no URL specified");
  const text = /^[a-z]+:\/\//i.test(options.url) ? options.url : `http://${options.url}`;
  if (!URL.canParse(text)) throw new CurlFailure(3, "URL rejected: Malformed input to a URL function");
  const url = new URL(text);
  if (options.get && options.data.length > 0) {
    url.search = [url.search.slice(1), ...options.data].filter((part) => part !== "").join("&");
  }
  return url;
}

function headersOf(options: CurlOptions, body: string | undefined): OutgoingHttpHeaders {
  const headers = new Map<string, [string, string]>();
  const put = (name: string, value: string): void => void headers.set(name.toLowerCase(), [name, value]);
  put("User-Agent", "curl/8.7.1");
  put("Accept", "*/*");
  if (body !== undefined) {
    put("Content-Type", "application/x-www-form-urlencoded");
    put("Content-Length", String(Buffer.byteLength(body)));
  }
  for (const line of options.headers) {
    const [, name = "", sign = "", value = ""] = /^([^:;]+)([:;])\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === "") continue;
    if (sign === ":" && value === "") headers.delete(name.toLowerCase());
    else put(name, value);
  }
  return Object.fromEntries(headers.values());
}

function toFailure(error: NodeJS.ErrnoException, { hostname, port }: URL): CurlFailure {
  if (error instanceof CurlFailure) return error;
  switch (error.code ?? "") {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new CurlFailure(6, `Could not resolve host: ${hostname}`);
    case "ECONNREFUSED":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ETIMEDOUT":
      return new CurlFailure(7, `Failed to connect to ${hostname} port ${port || 80}: ${error.code}`);
    case "ECONNRESET":
      return new CurlFailure(52, "Empty reply from server");
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "CERT_HAS_EXPIRED":
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return new CurlFailure(60, `SSL certificate problem: ${error.message}`);
    default:
      return new CurlFailure(56, error.message);
  }
}
