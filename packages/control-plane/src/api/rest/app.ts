import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { UseCases } from "../../engine/use-cases.ts";

/** The web application as routes see it. */
export type App = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What routes are given. */
export interface RestDeps {
  useCases: UseCases;
  /** Aborts when the control plane begins to shut down. */
  draining: AbortSignal;
  /** Milliseconds between two comments of an event stream. */
  streamBeatMs: number;
}
