import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import type { AppRouter } from "@tartfleet/control-plane/router";
import {
  createTRPCClient,
  createWSClient,
  httpBatchLink,
  splitLink,
  TRPCClientError,
  wsLink,
  type TRPCClient,
} from "@trpc/client";
import { makeStore, type Store } from "../parts/store.ts";

/** The control plane closes a socket with it when the token stops being valid. */
const TOKEN_INVALID = 4401;
const LONGEST_PAUSE_MS = 5000;
/** As the control plane's own limits: of a batch's length in its path, and of its calls. */
const BATCH = { maxURLLength: 4000, maxItems: 50 };

/**
 * The way to the control plane: calls over HTTP, subscriptions over one WebSocket, answers that are kept. The socket
 * is there for as long as anything is subscribed to.
 */
export interface Link {
  client: TRPCClient<AppRouter>;
  queries: QueryClient;
  /** Whether the socket is open: what is shown is live. */
  isLive: Pick<Store<boolean>, "get" | "subscribe">;
}

/**
 * @param onDoubt the session may be over: the socket could not be opened, or a call was not authenticated
 * @param onLost the session is over
 */
export function makeLink({ onDoubt, onLost }: { onDoubt: () => void; onLost: () => void }): Link {
  const isLive = makeStore(false);
  let wasLive = false;
  const onError = (error: Error) => {
    if (codeOf(error) === "UNAUTHORIZED") onDoubt();
  };
  const queries = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        // The control plane says when an answer is stale.
        staleTime: Number.POSITIVE_INFINITY,
        refetchOnWindowFocus: false,
        // An answer that is a no stays one.
        retry: (failures, error) => failures < 2 && codeOf(error) === undefined,
      },
    },
  });
  const socket = createWSClient({
    url: new URL("/trpc", window.location.href).href.replace(/^http/, "ws"),
    lazy: { enabled: true, closeMs: 0 },
    retryDelayMs: (attempt) => Math.random() * Math.min(LONGEST_PAUSE_MS, 500 * 2 ** attempt),
    keepAlive: { enabled: true, intervalMs: 10_000, pongTimeoutMs: 5000 },
    onOpen() {
      isLive.set(true);
      // What changed meanwhile was told to nobody.
      if (wasLive) void queries.invalidateQueries();
      wasLive = true;
    },
    onClose(cause) {
      isLive.set(false);
      if (cause?.code === TOKEN_INVALID) onLost();
      else onDoubt();
    },
  });
  const client = createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: wsLink({ client: socket }),
        false: httpBatchLink({ url: "/trpc", ...BATCH }),
      }),
    ],
  });
  return { client, queries, isLive };
}

/** Of the control plane's answer; undefined where there was none. */
function codeOf(error: Error): string | undefined {
  const answer: unknown = error instanceof TRPCClientError ? error.data?.code : undefined;
  return typeof answer === "string" ? answer : undefined;
}
