import { once } from "node:events";
import { createServer } from "node:http";
import { initTRPC } from "@trpc/server";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import { WebSocketServer } from "ws";
import { serveParent } from "../processes/helper.ts";

/*
 * The raw twin of what agents have open: tRPC over ws as it comes, with a subscription that says nothing and a
 * mutation that does nothing.
 */
const { router, procedure } = initTRPC.create();

const agentRouter = router({
  assignments: procedure.subscription(async function* ({ signal }) {
    yield { revision: 1, assignments: [] };
    if (signal && !signal.aborted) await once(signal, "abort");
  }),
  beat: procedure.input((input) => input).mutation(() => {}),
});

serveParent({
  /** @returns where it listens */
  async start(): Promise<string> {
    const server = createServer();
    applyWSSHandler({ wss: new WebSocketServer({ server }), router: agentRouter });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the system gave no port");
    return `http://127.0.0.1:${address.port}`;
  },
});

/** What `trpc-main.ts` can be asked. */
export interface TrpcProcess {
  start(): Promise<string>;
}
