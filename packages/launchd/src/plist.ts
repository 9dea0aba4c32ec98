import { build } from "plist";

/** A job of launchd's, and which of its folders it belongs into. */
export interface LaunchdJob {
  /** Of the whole machine, as root, or of sessions at the screen. */
  folder: "LaunchDaemons" | "LaunchAgents";
  label: string;
  /** The first one absolute. */
  programArguments: readonly [string, ...string[]];
  environment?: Readonly<Record<string, string>>;
  /** Whether it is started as soon as it is loaded (default), or when somebody says so. */
  startsWhenLoaded?: boolean;
  /** Whether it is started anew when it ends. */
  keepAlive: boolean;
  /** Seconds between two starts at least (launchd's own: 10). */
  throttleSeconds?: number;
  /** Whether what it started may live on when it ends. */
  abandonsProcessGroup?: boolean;
  /** Whether it may use as much of the machine as what people start at the screen. */
  isInteractive?: boolean;
  /** Absolute; for stdout and stderr. */
  log?: string;
}

/** Where launchd finds its file, below /Library or a user's Library. */
export const plistPath = ({ folder, label }: LaunchdJob): string => `${folder}/${label}.plist`;

/** The file that launchd reads. */
export function plistText(job: LaunchdJob): string {
  const { label, programArguments, environment, keepAlive, throttleSeconds, log } = job;
  const text = build({
    Label: label,
    ProgramArguments: [...programArguments],
    ...(environment ? { EnvironmentVariables: { ...environment } } : {}),
    ...(job.startsWhenLoaded === false ? {} : { RunAtLoad: true }),
    ...(keepAlive ? { KeepAlive: true } : {}),
    ...(throttleSeconds === undefined ? {} : { ThrottleInterval: throttleSeconds }),
    ...(job.abandonsProcessGroup === true ? { AbandonProcessGroup: true } : {}),
    ...(job.isInteractive === true ? { ProcessType: "Interactive" } : {}),
    ...(log === undefined ? {} : { StandardOutPath: log, StandardErrorPath: log }),
  });
  return `${text}\n`;
}
