import type { Disk } from "../host/facts.ts";
import { error, ok, unknown, warning, type Judgement } from "./judge.ts";

/** A clone grows by what its job writes. */
const LEAST_GIB = 20;
/** An image with Xcode is up to 61 GB (tart-contract §5.4), and a VM must still fit beside it. */
const ENOUGH_GIB = 80;
/** Not tart's own prune, which knows nothing of what is pinned or wanted. */
const CURE = "tartfleet image prune --host <this host> --until-free 30";

/** Room on the volume of TART_HOME. */
export function judgeDisk({ diskTotalGiB, diskFreeGiB }: Disk): Judgement {
  if (diskTotalGiB === 0) return unknown("The disk cannot be seen.");
  const says = `${diskFreeGiB} of ${diskTotalGiB} GiB are free`;
  if (diskFreeGiB < LEAST_GIB) return error(`${says}, too little for a VM to work in.`, CURE);
  if (diskFreeGiB < ENOUGH_GIB) return warning(`${says}, too little for another image with Xcode.`, CURE);
  return ok(`${says}.`);
}
