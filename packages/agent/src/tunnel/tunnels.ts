import type { TunnelWish } from "@tartfleet/shared";

/** Opens a tunnel and serves it until it ends or the signal is aborted. Never rejects. */
export type OpenTunnel = (wish: TunnelWish, signal: AbortSignal) => Promise<void>;

/** A control plane that asks for more at once gets these. */
const MOST = 200;

/** The tunnels that the control plane wants open: a level, like the assignments that it comes with. */
export function createTunnels(open: OpenTunnel) {
  const known = new Map<string, AbortController>();
  return {
    /** All that are wanted now: a new one is opened, once; one that is wanted no more is ended. */
    asked(wishes: readonly TunnelWish[]): void {
      const wanted = new Map(wishes.slice(0, MOST).map((wish) => [wish.id, wish]));
      for (const [id, stop] of known) {
        if (wanted.has(id)) continue;
        stop.abort();
        known.delete(id);
      }
      for (const [id, wish] of wanted) {
        if (known.has(id)) continue;
        const stop = new AbortController();
        known.set(id, stop);
        void open(wish, stop.signal);
      }
    },
  };
}
