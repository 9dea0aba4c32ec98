import fastifyStatic from "@fastify/static";
import { CallError } from "@tartfleet/shared";
import type { FastifyRequest } from "fastify";
import type { App } from "../api/rest/app.ts";

/** The dashboard's pages load nothing but their own files, and speak with nobody but this control plane. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  // Mantine sets the theme's variables in a style element of its own.
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Paths of the API: what is not found there is no page. */
const API = /^\/(?:v1|trpc|session|metrics|healthz|readyz|openapi\.json)(?:\/|$)/;

/**
 * Serves the dashboard's files at `/`; every path that is no file and none of the API's is one of its pages.
 *
 * @param folder where it was built; undefined where it was not
 */
export async function serveDashboard(app: App, folder: string | undefined): Promise<void> {
  if (folder !== undefined) {
    await app.register(fastifyStatic, {
      root: folder,
      wildcard: false,
      index: false,
      preCompressed: true,
      cacheControl: false,
      schemaHide: true,
      setHeaders(reply, path) {
        if (path.includes(".html")) reply.header("content-security-policy", PAGE_POLICY);
        // The names of what is under assets hold the hash of what is in them.
        const lasts = path.includes("/assets/");
        reply.header("cache-control", lasts ? "public, max-age=31536000, immutable" : "no-cache");
      },
    });
  }
  app.setNotFoundHandler((request, reply) => {
    if (!isPage(request))
      throw new CallError("route_not_found", "There is no such route; /openapi.json lists them");
    if (folder !== undefined) return reply.sendFile("index.html");
    throw new CallError(
      "route_not_found",
      "The dashboard is not there; docs/dashboard.md says how to build it",
    );
  });
}

function isPage({ method, url, headers }: FastifyRequest): boolean {
  const isRead = method === "GET" || method === "HEAD";
  return isRead && !API.test(url.split("?", 1)[0] ?? url) && /\btext\/html\b/.test(headers.accept ?? "");
}
