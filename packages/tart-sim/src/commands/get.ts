import type { ParsedCommand } from "../cli/spec.ts";
import { type Json, swiftJson } from "../format/swift-json.ts";
import { showGB } from "../format/sizes.ts";
import { textTable } from "../format/text-table.ts";
import { GB } from "../registry/disk-space.ts";
import type { Sim } from "../sim.ts";
import { openLocalVm } from "../storage/home.ts";
import { describe, diskField } from "./describe.ts";

/** `tart get` (tart-contract §2.4). */
export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  const one = describe(sim, "local", openLocalVm(sim.home, command.arg("name")));
  const size = (one.allocated / GB).toFixed(3);
  const format: Record<string, string> = sim.quirks.has("getHasDiskFormat")
    ? { DiskFormat: one.diskFormat }
    : {};
  if (command.value("format") === "json") {
    const fields: Json = {
      OS: one.os,
      CPU: one.cpu,
      Memory: one.memoryMiB,
      Disk: diskField(sim, one),
      ...format,
      Size: size,
      Display: one.display,
      Running: one.state === "running",
      State: one.state,
      ...(sim.faults.has("extra-keys") ? { Arch: "arm64" } : {}),
    };
    sim.say(swiftJson(fields));
    return 0;
  }
  const header = ["OS", "CPU", "Memory", "Disk", ...Object.keys(format), "Size", "Display", "State"];
  const disk = showGB(sim, one.disk);
  const row = [one.os, one.cpu, one.memoryMiB, disk, ...Object.values(format), size, one.display, one.state];
  sim.say(textTable(header, [row.map(String)]));
  return 0;
}
