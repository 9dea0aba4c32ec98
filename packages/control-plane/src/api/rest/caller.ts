import type { FastifyRequest } from "fastify";
import type { Caller, UseCases } from "../../engine/use-cases.ts";
import type { Access, Admission } from "../admission.ts";
import { bearerOf } from "../authenticate.ts";
import { authorize, authorizeForVm } from "../authorize.ts";
import type { Action } from "../authorize.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What calling the route means; every route under /v1 has one. */
    action?: Action;
  }
}

/** Who sent a request, and for how long it may go on. */
interface RestCaller extends Caller {
  access: Access;
}

const callers = new WeakMap<FastifyRequest, RestCaller>();

export function callerOf(request: FastifyRequest): RestCaller | undefined {
  return callers.get(request);
}

/** The caller of a route that only known ones reach. */
export function requireCaller(request: FastifyRequest): RestCaller {
  const caller = callers.get(request);
  if (!caller) throw new Error(`${request.routeOptions.url} has no action`);
  return caller;
}

/** An onRequest hook: nothing of a body is read before it is known who sends it and that they may. */
export function admit({ admission, useCases }: { admission: Admission; useCases: UseCases }) {
  return async (request: FastifyRequest): Promise<void> => {
    const bearer = bearerOf(request.headers.authorization);
    const access = await admission.admit(bearer, request.ip);
    const principal = access.call();
    const traceparent = request.headers["traceparent"]?.toString();
    const caller = { principal, access, requestId: request.id, address: request.ip, traceparent };
    callers.set(request, caller);
    const { action } = request.routeOptions.config;
    if (!action) throw new Error(`${request.routeOptions.url} has no action`);
    const vmId = action.startsWith("vm.") ? idOf(request.params) : undefined;
    if (vmId === undefined) authorize(useCases, caller, action);
    else authorizeForVm(useCases, caller, action, vmId);
  };
}

function idOf(params: unknown): string | undefined {
  if (typeof params !== "object" || params === null || !("id" in params)) return undefined;
  return typeof params.id === "string" ? params.id : undefined;
}
