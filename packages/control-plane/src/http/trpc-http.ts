import { fastifyRequestHandler } from "@trpc/server/adapters/fastify";
import { z } from "zod";
import type { App } from "../api/rest/app.ts";
import type { Access, Admission } from "../api/admission.ts";
import { callErrorOf } from "../api/errors.ts";
import { appRouter } from "../api/router.ts";
import type { CallContext } from "../api/trpc.ts";
import { retryAfter } from "./problems.ts";
import { tokenOf } from "./session.ts";
import { logTrpcFailure } from "./trpc-log.ts";

const params = z.object({ path: z.string() });

/** tRPC over HTTP, for the dashboard and TypeScript clients; agents use the WebSocket. */
export function trpcRoutes(
  app: App,
  { admission, ...shared }: Pick<CallContext, "useCases" | "draining"> & { admission: Admission },
  batchSize: number,
) {
  app.register(async (scope) => {
    // tRPC reads the body itself.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      "application/json",
      { parseAs: "string" },
      async (_request: unknown, body: string | Buffer) => body,
    );
    scope.route({
      method: ["GET", "POST"],
      exposeHeadRoute: false,
      url: "/trpc/:path",
      handler: async (request, reply) => {
        let access: Promise<Access> | undefined;
        await fastifyRequestHandler({
          router: appRouter,
          req: request,
          res: reply,
          path: params.parse(request.params).path,
          maxBatchSize: batchSize,
          createContext: () => ({
            ...shared,
            enter: () => (access ??= admission.admit(tokenOf(request.headers), request.ip)),
            requestId: request.id,
            address: request.ip,
            traceparent: request.headers["traceparent"]?.toString(),
          }),
          responseMeta: ({ errors }) => ({ headers: waitOf(errors) }),
          onError: ({ error, path }) => logTrpcFailure(request.log, { error, path }),
        });
      },
    });
  });
}

/** Of a batch: as long as one of its calls has to wait. */
function waitOf(errors: readonly unknown[]): Record<string, string> {
  return Object.assign({}, ...errors.map((error) => retryAfter(callErrorOf(error))));
}
