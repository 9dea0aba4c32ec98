import { rm } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { killProcesses } from "./marker.ts";

/**
 * Waits for the end of its stdin, which is the end of the process that has the lab, however that comes; then
 * kills what is left of the lab and removes its directory. A lab that ended in order has left nothing.
 */
const [id = "", dir = ""] = process.argv.slice(2);
if (id === "" || dir === "") throw new Error("usage: undertaker.ts LAB-ID LAB-DIR");

await finished(process.stdin.resume(), { writable: false }).catch(() => {});
await killProcesses({ id, dir });
await rm(dir, { recursive: true, force: true, maxRetries: 3 });
