import type { VmRecord } from "@tartfleet/shared";
import type { Client } from "../../api/client.ts";

const LOOK_EVERY_MS = 2000;
const STEP_PERCENT = 10;

/**
 * A pull can take half an hour, and its progress is in the VM's record alone, not in its history: looks there,
 * and tells of each step. What fails is left to the event stream to notice.
 *
 * @returns a function that ends it
 */
export function tellPull(
  client: Client,
  id: string,
  tell: (vm: VmRecord, percent: number) => void,
): () => void {
  const over = new AbortController();
  let next = STEP_PERCENT;
  let looking = false;
  const look = async () => {
    const vm = await client.getVm(id, { signal: over.signal, retryForMs: 0 });
    const percent = vm.state === "pulling" ? vm.pullPercent : null;
    if (over.signal.aborted || percent === null || percent < next) return;
    next = percent - (percent % STEP_PERCENT) + STEP_PERCENT;
    tell(vm, percent);
  };
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    look()
      .catch(() => {})
      .finally(() => (looking = false));
  }, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
    over.abort();
  };
}
