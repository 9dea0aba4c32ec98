import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { text } from "node:stream/consumers";
import { z } from "zod";

const JIT = new Set(["runner", "credentials", "credentials_rsaparams"]);
const agentId = z.int().nullable().optional();
const statusSchema = z.strictObject({
  status: z.enum(["installing", "idle", "failed"]),
  message: z.string().max(1000),
  agent_id: agentId,
});
const systemInfoSchema = z.strictObject({ os_name: z.string(), os_version: z.string(), agent_id: agentId });

/**
 * What an instance has of garm (apiserver/routers, runner/metadata.go, auth/instance_middleware.go): its token counts
 * until it says that it is idle or has failed, and a registration token is given once, and never with JIT.
 */
export async function startGarmApi(options: {
  token: string;
  jit: boolean;
  /** What a JIT configuration's files hold, by their names; one line each without it. */
  files?: Readonly<Record<string, string>>;
  lacks?: string;
  tools?: Buffer;
  tls?: { key: string; cert: string };
}) {
  const said: z.output<typeof statusSchema>[] = [];
  const systemInfo: z.output<typeof systemInfoSchema>[] = [];
  const refused: string[] = [];
  let isTokenFetched = false;

  const isOver = () => said.some(({ status }) => status !== "installing");

  async function answer(request: IncomingMessage): Promise<[number, string | Buffer]> {
    const path = (request.url ?? "").replace(/\/$/, "");
    if (path === "/tools.tar.gz" && options.tools) return [200, options.tools];
    if (request.headers.authorization !== `Bearer ${options.token}` || isOver()) return [401, "no"];
    const route = `${request.method} ${path}`;
    if (options.lacks && path.endsWith(options.lacks)) return [404, "no"];
    if (route === "POST /callbacks/status") {
      said.push(statusSchema.parse(JSON.parse(await text(request))));
      return [200, "{}"];
    }
    if (route === "POST /callbacks/system-info") {
      systemInfo.push(systemInfoSchema.parse(JSON.parse(await text(request))));
      return [200, "{}"];
    }
    const file = /^GET \/metadata\/credentials\/(?<name>\w+)$/.exec(route)?.groups?.["name"];
    if (file !== undefined) {
      if (!options.jit || !JIT.has(file)) return [404, "no"];
      return [200, options.files?.[file] ?? `{"file": "${file}"}`];
    }
    if (route !== "GET /metadata/runner-registration-token" || options.jit || isTokenFetched)
      return [401, "no"];
    isTokenFetched = true;
    return [200, "REGISTRATION"];
  }

  async function serve(request: IncomingMessage, response: ServerResponse) {
    const [status, body] = await answer(request).catch((error: unknown): [number, string] => [
      400,
      String(error),
    ]);
    if (status !== 200) refused.push(`${request.method} ${request.url} ${status}`);
    response.writeHead(status).end(body);
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => void serve(request, response);
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("garm's API has no port");
  return {
    url: `${options.tls ? "https" : "http"}://127.0.0.1:${address.port}`,
    said,
    systemInfo,
    refused,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}
