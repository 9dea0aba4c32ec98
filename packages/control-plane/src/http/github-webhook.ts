import { CallError } from "@tartfleet/shared";
import type { App } from "../api/rest/app.ts";
import type { TakeWebhook } from "../engine/integration.ts";

/** A `workflow_job` event has all steps of its job in it. */
const MOST_BYTES = 1024 * 1024;

/** Where GitHub's webhooks come in. They carry no token but a signature over the body's bytes, so it stays unparsed. */
export async function githubWebhookRoute(app: App, take: TakeWebhook): Promise<void> {
  await app.register(async (scope: App) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    scope.post("/github/webhook", { bodyLimit: MOST_BYTES }, async ({ headers, body }, reply) => {
      const one = (name: string) => {
        const value = headers[name];
        return typeof value === "string" ? value : undefined;
      };
      const taken = await take({
        headers: {
          "x-github-event": one("x-github-event"),
          "x-github-delivery": one("x-github-delivery"),
          "x-hub-signature-256": one("x-hub-signature-256"),
        },
        body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
      });
      if (taken) return reply.code(202).send();
      throw new CallError(
        "unauthenticated",
        "The body is not signed with this control plane's webhook secret.",
      );
    });
  });
}
