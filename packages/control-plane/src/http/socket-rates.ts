import { keyOf } from "../api/admission.ts";
import { makeBuckets } from "../api/bucket.ts";
import type { Principal } from "../engine/use-cases.ts";
import type { Limits } from "./limits.ts";

/** Counts calls. @returns for how many milliseconds their caller is to send nothing more */
export type Spend = (calls: number) => number;

/**
 * What callers may send over sockets: all sockets of one caller together, so that who closes one and opens another
 * has won nothing.
 */
export function makeSocketRates({
  socketRates,
  rememberedCallers,
}: Pick<Limits, "socketRates" | "rememberedCallers">): (caller: Principal) => Spend {
  const buckets = {
    token: makeBuckets(socketRates.token, rememberedCallers),
    host: makeBuckets(socketRates.host, rememberedCallers),
    vm: makeBuckets(socketRates.vm, rememberedCallers),
  };
  return (caller) => {
    const key = keyOf(caller);
    return (calls) => buckets[caller.kind].spend(key, performance.now(), calls);
  };
}
