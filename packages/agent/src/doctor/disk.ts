import type { Disk } from "../host/facts.ts";
import { error, ok, unknown, warning, type Judgement } from "./judge.ts";

/** A clone grows by what its job writes. */
const LEAST_GIB = 20;
/** An image with Xcode is up to 61 GB (tart-contract §5.4), and a VM must still fit beside it. */
const ENOUGH_GIB = 80;
/** Says what it removes: by a budget it could be that nothing goes, for nobody knows how large the cache is. */
const CURE = "tart prune --entries caches --older-than 7";

/** Room on the volume of TART_HOME. */
export function judgeDisk({ diskTotalGiB, diskFreeGiB }: Disk): Judgement {
  if (diskTotalGiB === 0) return unknown("The disk cannot be seen.");
  const says = `${diskFreeGiB} of ${diskTotalGiB} GiB are free`;
  if (diskFreeGiB < LEAST_GIB) return error(`${says}, too little for a VM to work in.`, CURE);
  if (diskFreeGiB < ENOUGH_GIB) return warning(`${says}, too little for another image with Xcode.`, CURE);
  return ok(`${says}.`);
}
