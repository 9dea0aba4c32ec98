import type { FastifyRequest } from "fastify";
import { callerOf } from "../api/rest/caller.ts";
import { problemCodeOf } from "./problems.ts";

/**
 * One line per request. The route's pattern and the ids in it stand for the URL: query strings (they carry
 * a guest's IP and job id) and headers (they carry the token) are never logged.
 */
export function logRequest(request: FastifyRequest, status: number, milliseconds?: number): void {
  const route = request.routeOptions.url;
  const level = status >= 500 ? "error" : route === "/healthz" || route === "/readyz" ? "debug" : "info";
  request.log[level](
    {
      method: request.method,
      ...(route === undefined ? { path: pathOf(request.url) } : { route }),
      status,
      code: problemCodeOf(request),
      ...(milliseconds === undefined ? {} : { milliseconds: Math.round(milliseconds) }),
      ...subjectOf(request),
      ...speakerOf(request),
      from: request.ip,
    },
    "request",
  );
}

const pathOf = (url: string) => url.split("?", 1)[0]?.slice(0, 255);

function subjectOf({ routeOptions, params }: FastifyRequest) {
  if (typeof params !== "object" || params === null) return {};
  if ("name" in params) return { host: params.name };
  if ("path" in params) return { procedure: String(params.path).slice(0, 255) };
  if (!("id" in params)) return {};
  return routeOptions.url?.startsWith("/v1/vms/") ? { vmId: params.id } : { id: params.id };
}

function speakerOf(request: FastifyRequest) {
  const principal = callerOf(request)?.principal;
  if (!principal) return {};
  switch (principal.kind) {
    case "token":
      return { by: `${principal.role} ${principal.tokenId}` };
    case "host":
      return { by: `host ${principal.hostName}` };
    case "vm":
      return { by: `vm ${principal.vmId}` };
    default:
      return principal satisfies never;
  }
}
