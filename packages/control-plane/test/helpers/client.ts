import { createTRPCClient, createWSClient, httpBatchLink, TRPCClientError, wsLink } from "@trpc/client";
import { WebSocket } from "ws";
import type { AppRouter } from "../../src/api/router.ts";

/** A tRPC client over WebSocket, as an agent is one. */
export function socketClient(port: number, token: string) {
  class WithToken extends WebSocket {
    constructor(url: string) {
      super(url, { headers: { authorization: `Bearer ${token}` } });
    }
  }
  const closes: number[] = [];
  const client = createWSClient({
    url: `ws://127.0.0.1:${port}/trpc`,
    // ws is what tRPC asks for at run time; the DOM's type is what it declares.
    WebSocket: WithToken as unknown as typeof globalThis.WebSocket,
    retryDelayMs: () => 50,
    onClose: (cause) => void closes.push(cause?.code ?? 0),
  });
  return {
    trpc: createTRPCClient<AppRouter>({ links: [wsLink({ client })] }),
    /** Close codes of the connections so far. */
    closes,
    close: () => client.close(),
  };
}

export function httpClient(url: string, token: string, headers: Record<string, string> = {}) {
  return createTRPCClient<AppRouter>({
    links: [httpBatchLink({ url: `${url}/trpc`, headers: { ...headers, authorization: `Bearer ${token}` } })],
  });
}

/** What a call failed with: the problem, as REST would have said it. */
export async function problemOf(call: Promise<unknown>) {
  try {
    await call;
  } catch (error) {
    if (error instanceof TRPCClientError) return (error as TRPCClientError<AppRouter>).data;
    throw error;
  }
  throw new Error("the call succeeded");
}
