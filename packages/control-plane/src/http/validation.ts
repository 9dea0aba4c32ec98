import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { invalidRequest } from "../api/errors.ts";

/**
 * Parses every part of a request that its route has a schema for, and reports what is wrong with all of
 * them at once; Fastify itself stops at the first part. A missing body is an empty one, so that the answer
 * names the fields that are needed.
 *
 * @throws CallError invalid_request
 */
export async function validateRequest(request: FastifyRequest): Promise<void> {
  const { params, querystring, headers, body } = request.routeOptions.schema ?? {};
  const issues: z.core.$ZodIssue[] = [];
  const parse = (schema: unknown, value: unknown) => {
    if (!(schema instanceof z.ZodType)) return value;
    const parsed = schema.safeParse(value);
    if (parsed.error) issues.push(...parsed.error.issues);
    return parsed.data;
  };
  request.params = parse(params, request.params);
  request.query = parse(querystring, request.query);
  parse(headers, request.headers);
  request.body = parse(body, request.body ?? {});
  if (issues.length > 0) throw invalidRequest(issues);
}
