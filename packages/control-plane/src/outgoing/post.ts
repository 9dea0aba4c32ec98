import { lookup } from "node:dns";
import { request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { isPublicAddress, refusalOf } from "../domain/notices/target.ts";
import type { Post, PostAnswer } from "../engine/webhooks/post.ts";

/** Of an answer's body so much is read. */
const MOST_BYTES = 1024;

/**
 * POSTs to receivers outside. Redirects are not followed, and without `allowPrivate` nothing is sent to an address
 * that is not of the internet: looked at where the connection is made, so that a name cannot change its meaning
 * between.
 */
export function makePost(allowPrivate: boolean, resolve: typeof lookup = lookup): Post {
  const options: RequestOptions = {
    method: "POST",
    agent: false,
    ...(allowPrivate ? {} : { lookup: publicAlone(resolve) }),
  };
  return async ({ url, headers, body, signal }) => {
    const refusal = refusalOf(url, allowPrivate);
    if (refusal !== undefined) throw new Error(`its URL ${refusal}`);
    const { promise, resolve, reject } = Promise.withResolvers<PostAnswer>();
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const request = send(url, {
      ...options,
      headers: { ...headers, "content-length": Buffer.byteLength(body) },
      signal,
    });
    request.on("error", reject);
    request.on("response", (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      const answer = () => {
        const text = Buffer.concat(parts).subarray(0, MOST_BYTES).toString();
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"], text });
        request.destroy();
      };
      response.on("data", (part: Buffer) => {
        parts.push(part);
        bytes += part.length;
        if (bytes >= MOST_BYTES) answer();
      });
      response.on("end", answer);
      response.on("error", reject);
    });
    request.end(body);
    return promise;
  };
}

const publicAlone =
  (resolve: typeof lookup): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, "");
      const [first, ...others] = found.filter(({ address }) => isPublicAddress(address));
      if (!first)
        return callback(
          new Error(
            `${hostname} is an address of a private network; --webhook-allow-private of the control plane allows that`,
          ),
          "",
        );
      if (options.all) callback(null, [first, ...others]);
      else callback(null, first.address, first.family);
    });
  };
