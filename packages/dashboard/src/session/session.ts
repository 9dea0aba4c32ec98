import type { Problem, TokenRole } from "@tartfleet/shared";
import { makeStore, type Store } from "../parts/store.ts";

/** Whose token the browser's cookie stands for. */
export interface Session {
  role: TokenRole;
  name: string;
  /** null: the whole fleet's. */
  team: string | null;
  /** Of the control plane. */
  version: string;
}

/** unknown: not asked yet · silent: asked, and nobody answered */
export type SessionState =
  | { kind: "unknown" }
  | { kind: "silent" }
  | { kind: "signed_out"; reason: string | null }
  | { kind: "signed_in"; session: Session };

/** The browser's session with the control plane. The token itself is only ever in the cookie, out of reach. */
export interface Sessions extends Pick<Store<SessionState>, "get" | "subscribe"> {
  /** Asks who one is; a session that is gone by now is lost. */
  look(): Promise<void>;
  /** @returns why not, for people; null when it worked */
  signIn(token: string): Promise<string | null>;
  signOut(): Promise<void>;
  /** The token does not work any more. */
  lost(): void;
}

const LOST = "You were signed out: the token has expired or was revoked.";
const NO_ANSWER = "The control plane does not answer. Is it running, and is this its address?";

type Call = (
  path: string,
  init?: { method: string; headers?: Record<string, string>; body?: string },
) => Promise<Response>;

/** @param call the browser's fetch */
export function makeSessions(call: Call): Sessions {
  const state = makeStore<SessionState>({ kind: "unknown" });

  async function look(): Promise<void> {
    const response = await call("/session").catch(() => undefined);
    const before = state.get().kind;
    if (response?.ok) {
      if (before !== "signed_in") state.set({ kind: "signed_in", session: await response.json() });
    } else if (response?.status === 401) {
      // Who is told why already is not told anew.
      if (before === "signed_out") return;
      state.set({ kind: "signed_out", reason: before === "signed_in" ? LOST : null });
    } else if (before !== "signed_in") {
      state.set({ kind: "silent" });
    }
  }

  return {
    get: state.get,
    subscribe: state.subscribe,
    look,
    async signIn(token) {
      const response = await call("/session", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token: token.trim() }),
      }).catch(() => undefined);
      if (!response) return NO_ANSWER;
      if (!response.ok) return refusalOf(response);
      await look();
      return state.get().kind === "signed_in" ? null : NO_ANSWER;
    },
    async signOut() {
      const response = await call("/session", { method: "DELETE" }).catch(() => undefined);
      if (!response?.ok) throw new Error(NO_ANSWER);
      state.set({ kind: "signed_out", reason: null });
    },
    lost: () => state.set({ kind: "signed_out", reason: LOST }),
  };
}

async function refusalOf(response: Response): Promise<string> {
  const problem: Partial<Problem> = await response.json().catch(() => ({}));
  if (response.status === 401) {
    return "That token does not work. Paste it whole; it may also have expired or been revoked.";
  }
  return problem.detail ?? `The control plane answered with HTTP ${response.status}.`;
}
