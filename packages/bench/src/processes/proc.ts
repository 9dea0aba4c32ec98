import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Linux counts processor time in hundredths of a second, whatever the kernel does inside. */
const TICKS = 100;

/** Processor time that a process has used so far. */
export function cpuSeconds(pid: number): number {
  if (process.platform !== "linux") return secondsOf(ps(pid, "time"));
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Memory that a process has, without what is swapped out. */
export function memoryMiB(pid: number): number {
  if (process.platform !== "linux") return Number(ps(pid, "rss")) / 1024;
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}

function ps(pid: number, column: string): string {
  return execFileSync("ps", ["-o", `${column}=`, "-p", String(pid)], { encoding: "utf8" }).trim();
}

/** From `[[hours:]minutes:]seconds`. */
function secondsOf(text: string): number {
  return text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}
