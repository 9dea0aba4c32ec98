import { createContext, use } from "react";
import { may, type Act } from "./may.ts";
import type { Session } from "./session.ts";

/** Whose session it is, for everything inside it. */
export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error("this is shown only to who is signed in");
  return session;
}

/** Whether the session's role may do that. */
export function useMay(act: Act): boolean {
  return may(useSession(), act);
}
