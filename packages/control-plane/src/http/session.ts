import type { IncomingHttpHeaders } from "node:http";
import { CallError } from "@tartfleet/shared";
import { parseCookie, stringifySetCookie } from "cookie";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Admission } from "../api/admission.ts";
import { bearerOf } from "../api/authenticate.ts";
import type { App } from "../api/rest/app.ts";
import { validateRequest } from "./validation.ts";

/** Over TLS the browser holds the name to this host alone. */
const SECURE_NAME = "__Host-tartfleet";
const PLAIN_NAME = "tartfleet";

const signIn = z.strictObject({
  token: z.string().regex(/^[\x21-\x7e]{1,4000}$/, "must be a token, as tartfleet token create prints it"),
});

/**
 * The token of a call: its `Authorization` header's, or that of the session in which a browser sends it from a page
 * of ours. A page of anybody else's, also one of a neighbouring name, does not get to use the session: the cookie is
 * SameSite=Strict, and the browser's own word for where the call comes from must agree.
 */
export function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  if (headers.authorization !== undefined) return bearerOf(headers.authorization);
  if (headers.cookie === undefined || !isFromOurPage(headers)) return undefined;
  const cookies = parseCookie(headers.cookie);
  return cookies[SECURE_NAME] ?? cookies[PLAIN_NAME];
}

/** Browsers say it by `Sec-Fetch-Site` where the connection is trusted, and by `Origin` elsewhere. */
function isFromOurPage({ origin, host, ...headers }: IncomingHttpHeaders): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin";
  return origin === undefined || URL.parse(origin)?.host === host;
}

/**
 * Sessions of browsers: the token is put into a cookie that scripts cannot read. Nothing is kept here; a session
 * ends when the browser does, when it signs out, or when the token is not valid any more.
 */
export function sessionRoutes(
  app: App,
  { admission, version }: { admission: Admission; version: string },
): void {
  /** @throws CallError unauthenticated, rate_limited; forbidden for a host's or a VM's token */
  async function person(token: string | undefined, address: string) {
    const principal = (await admission.admit(token, address)).call();
    if (principal.kind === "token" && principal.role !== "host-enrolment") return principal;
    throw new CallError("forbidden", "Sign in with the token of an admin, a viewer or a CI system");
  }

  app.get("/session", {
    schema: { hide: true },
    handler: async (request) => {
      const { role, name, team } = await person(tokenOf(request.headers), request.ip);
      return { role, name, team, version };
    },
  });

  app.post("/session", {
    schema: { hide: true, body: signIn },
    preValidation: validateRequest,
    handler: async (request, reply) => {
      const { token } = request.body;
      await person(token, request.ip);
      return answer(request, reply, token);
    },
  });

  app.delete("/session", {
    schema: { hide: true },
    handler: async (request, reply) => answer(request, reply, ""),
  });
}

/** Sets the session's cookie, or takes it away when there is no token. */
function answer(request: FastifyRequest, reply: FastifyReply, token: string) {
  const secure = request.protocol === "https";
  const cookie = stringifySetCookie({
    name: secure ? SECURE_NAME : PLAIN_NAME,
    value: token,
    path: "/",
    httpOnly: true,
    sameSite: "strict",
    secure,
    ...(token === "" ? { maxAge: 0 } : {}),
  });
  return reply.header("set-cookie", cookie).code(204).send();
}
