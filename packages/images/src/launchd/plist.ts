import { build } from "plist";
import type { LaunchdJob } from "./jobs.ts";

/** Below the folder of templates. */
export const plistPath = ({ folder, label }: LaunchdJob): string => `launchd/${folder}/${label}.plist`;

/** The file that launchd reads. */
export function plistText({ label, programArguments, environment, keepAlive, log }: LaunchdJob): string {
  const text = build({
    Label: label,
    ProgramArguments: [...programArguments],
    ...(environment ? { EnvironmentVariables: { ...environment } } : {}),
    RunAtLoad: true,
    ...(keepAlive ? { KeepAlive: true } : {}),
    ...(log === undefined ? {} : { StandardOutPath: log, StandardErrorPath: log }),
  });
  return `${text}\n`;
}
