import { QueryClientProvider } from "@tanstack/react-query";
import type { Board as Update, Topic } from "@tartfleet/shared";
import { createContext, use, useEffect, useState, type ReactNode } from "react";
import { makeBoard, type Board } from "../fleet/board.ts";
import { setClock } from "../parts/clock.ts";
import { useStore } from "../parts/store.ts";
import type { Sessions } from "../session/session.ts";
import { makeLink, type Link } from "./link.ts";
import { keepSubscribed } from "./subscribe.ts";
import { staleOf } from "./topics.ts";
import { TRPCProvider } from "./trpc.ts";

interface Opened {
  link: Link;
  board: Board;
}

const LinkContext = createContext<Opened | null>(null);

/** Opens the way to the control plane for as long as it is shown, and keeps what is told of the fleet. */
export function Linked({ sessions, children }: { sessions: Sessions; children: ReactNode }) {
  const [opened] = useState<Opened>(() => ({
    link: makeLink({ onDoubt: () => void sessions.look(), onLost: sessions.lost }),
    board: makeBoard(),
  }));
  const { link, board } = opened;

  useEffect(() => {
    const stops = [
      keepSubscribed<Update>(
        (to) => link.client.fleet.watch.subscribe(undefined, to),
        (update) => {
          setClock(update.summary.at);
          board.apply(update);
        },
      ),
      keepSubscribed<{ topics: Topic[] }>(
        (to) => link.client.fleet.changes.subscribe(undefined, to),
        ({ topics }) => staleOf(link.queries, topics),
      ),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [link, board]);

  return (
    <LinkContext value={opened}>
      <QueryClientProvider client={link.queries}>
        <TRPCProvider trpcClient={link.client} queryClient={link.queries}>
          {children}
        </TRPCProvider>
      </QueryClientProvider>
    </LinkContext>
  );
}

function useOpened() {
  const opened = use(LinkContext);
  if (!opened) throw new Error("this is shown only inside of Linked");
  return opened;
}

/** What the control plane tells of the fleet as it is now. */
export function useBoard(): Board {
  return useOpened().board;
}

/** Whether what is shown is live. */
export function useIsLive(): boolean {
  return useStore(useOpened().link.isLive);
}

/** The calls themselves, for subscriptions. */
export function useClient(): Link["client"] {
  return useOpened().link.client;
}
