import { readFileSync } from "node:fs";
import { swiftFailure } from "../cli/failure.ts";
import { hasCode } from "../host/lock-file.ts";
import { fits, parseJson, type Shape } from "../host/shape.ts";
import { writeJsonFile } from "./files.ts";

/** config.json of a VM (tart-contract §1.4). */
export interface VmConfig {
  version: 1;
  os: "darwin" | "linux";
  arch: "arm64" | "amd64";
  cpuCountMin: number;
  cpuCount: number;
  memorySizeMin: number;
  /** Bytes. */
  memorySize: number;
  macAddress: string;
  display: { width: number; height: number; unit?: string };
  displayRefit?: boolean;
  diskFormat: "raw" | "asif";
  /** macOS only, base64. */
  ecid?: string;
  hardwareModel?: string;
}

const configShape: Shape<VmConfig> = {
  version: "number",
  os: "string",
  arch: "string",
  cpuCountMin: "number",
  cpuCount: "number",
  memorySizeMin: "number",
  memorySize: "number",
  macAddress: "string",
  display: "object",
  displayRefit: "?boolean",
  diskFormat: "string",
  ecid: "?string",
  hardwareModel: "?string",
};

export const MiB = 1024 * 1024;

/**
 * Reads a VM's configuration. A VM deleted under the reader's feet fails as the original does
 * (tart-contract §0.2, "list racing a delete").
 */
export function readVmConfig(path: string): VmConfig {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR"))
      throw swiftFailure("The file “config.json” couldn’t be opened because there is no such file.");
    throw error;
  }
  const config = parseJson(text);
  if (!fits<VmConfig>(config, configShape))
    throw swiftFailure("The data couldn’t be read because it isn’t in the correct format.");
  return config;
}

export const writeVmConfig = (path: string, config: VmConfig): void => writeJsonFile(path, config);

/** `1920x1080px`, `1024x768`. */
export function showDisplay({ width, height, unit }: VmConfig["display"]): string {
  return `${width}x${height}${unit === "px" || unit === "pixel" ? "px" : unit === "pt" || unit === "point" ? "pt" : ""}`;
}
