import type { VmDir } from "../storage/vm-dir.ts";

/** An image as its registry describes it, of which nothing but the manifest was fetched. */
export interface RemoteImage {
  digest: string;
  /** Gigabytes the disk claims, takes, and travels as. */
  diskGB: number;
  allocatedGB: number;
  compressedGB: number;
  /**
   * Fetches the disk into a folder, in which an earlier pull may have left some of it.
   *
   * @param limit the share of the disk at which something is going to happen; 1 when nothing is
   * @param reached told each share that is there; what it throws ends the fetching
   */
  fetchDisk(folder: string, limit: number, reached: (fraction: number) => Promise<void>): Promise<void>;
  /** Lays the image's files down, as a finished download leaves them, where its disk was fetched to. */
  write(dir: VmDir): Promise<void>;
}
