import { createContext, use } from "react";
import type { Session } from "./session.ts";

/** Whose session it is, for everything inside it. */
export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error("this is shown only to who is signed in");
  return session;
}
