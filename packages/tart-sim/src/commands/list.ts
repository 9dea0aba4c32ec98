import type { ParsedCommand } from "../cli/spec.ts";
import { swiftFailure, validationFailure } from "../cli/failure.ts";
import { ago } from "../format/relative-time.ts";
import { type Json, swiftJson } from "../format/swift-json.ts";
import { showGB } from "../format/sizes.ts";
import { textTable } from "../format/text-table.ts";
import { GB } from "../registry/disk-space.ts";
import type { Sim } from "../sim.ts";
import { localVms } from "../storage/home.ts";
import { cacheEntries } from "../storage/oci-cache.ts";
import { type Description, describe, diskField } from "./describe.ts";

const sources = new Set(["local", "oci"]);

export function validate(_sim: Sim, command: ParsedCommand): void {
  const source = command.value("source");
  if (source !== undefined && !sources.has(source))
    throw validationFailure(`'${source}' is not a valid <source>`);
}

/** `tart list` (tart-contract §2.5). */
export async function body(sim: Sim, command: ParsedCommand): Promise<number> {
  const source = command.value("source");
  const found: Description[] = [];
  if (source !== "oci") found.push(...localVms(sim.home).map((dir) => describe(sim, "local", dir)));
  if (source !== "local") found.push(...cacheEntries(sim.home).map(({ dir }) => describe(sim, "OCI", dir)));
  if (sim.faults.has("list-raced"))
    throw swiftFailure("The file “config.json” couldn’t be opened because there is no such file.");
  if (command.flag("quiet")) for (const { name } of found) sim.say(name);
  else if (command.value("format") === "json") sim.say(swiftJson(found.map((one) => asJson(sim, one))));
  else sim.say(asTable(sim, found));
  return 0;
}

/** Does this output have the shape of releases before 2.31.0? */
const isOld = (sim: Sim): boolean => !sim.quirks.has("listHasAccessed") || sim.faults.has("old-output");

function asJson(sim: Sim, one: Description): Json {
  const size = Math.floor(one.allocated / GB);
  return {
    Source: one.source,
    Name: one.name,
    Disk: diskField(sim, one),
    Size: sim.faults.has("size-as-string") ? size.toFixed(3) : size,
    ...(isOld(sim) ? { SizeOnDisk: size } : { Accessed: one.accessed.toISOString().replace(/\.\d+Z$/, "Z") }),
    Running: one.state === "running",
    State: one.state,
    ...(sim.faults.has("extra-keys") ? { Arch: "arm64", Labels: { team: null } } : {}),
  };
}

function asTable(sim: Sim, found: readonly Description[]): string {
  if (found.length === 0) return "";
  const old = isOld(sim);
  const rows = found.map((one) => [
    one.source,
    one.name,
    showGB(sim, one.disk),
    showGB(sim, one.allocated),
    old ? showGB(sim, one.allocated) : ago(one.accessed.getTime(), sim.now()),
    one.state,
  ]);
  return textTable(["Source", "Name", "Disk", "Size", old ? "SizeOnDisk" : "Accessed", "State"], rows);
}
