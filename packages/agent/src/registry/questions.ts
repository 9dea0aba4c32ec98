import type { TagAnswer } from "@tartfleet/shared";

/** Asks a reference's registry what its tag stands for. Never rejects. */
export type ResolveTag = (reference: string, signal: AbortSignal) => Promise<TagAnswer>;

/** A control plane that asks for more at once gets answers to these first. */
const MOST = 50;

/** The tags that the control plane asks for: a level, like the assignments that it comes with. */
export function createQuestions(
  resolve: ResolveTag,
  tell: (reference: string, answer: TagAnswer) => Promise<void>,
) {
  const open = new Map<string, AbortController>();

  async function answer(reference: string, signal: AbortSignal): Promise<void> {
    const found = await resolve(reference, signal);
    if (!signal.aborted) await tell(reference, found);
  }

  return {
    /** All that is asked now: what is new is looked up, once; what is asked no more is given up. */
    asked(references: readonly string[]): void {
      const wanted = new Set(references.slice(0, MOST));
      for (const [reference, stop] of open) {
        if (wanted.has(reference)) continue;
        stop.abort();
        open.delete(reference);
      }
      for (const reference of wanted) {
        if (open.has(reference)) continue;
        const stop = new AbortController();
        open.set(reference, stop);
        void answer(reference, stop.signal);
      }
    },
  };
}
