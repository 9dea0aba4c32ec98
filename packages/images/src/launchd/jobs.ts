import { plistPath, type LaunchdJob } from "@tartfleet/launchd";

const PATH = "/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

/** All of them. `npm run images -- generate` writes their files. */
export const JOBS: readonly LaunchdJob[] = [
  {
    // A job may open more files than macOS lets a session by itself.
    folder: "LaunchDaemons",
    label: "dev.tartfleet.limit-maxfiles",
    programArguments: ["/bin/launchctl", "limit", "maxfiles", "65536", "524288"],
    keepAlive: false,
  },
  {
    // Grows the file system when a VM asks for a larger disk.
    folder: "LaunchDaemons",
    label: "org.cirruslabs.tart-guest-daemon",
    programArguments: ["/opt/homebrew/bin/tart-guest-agent", "--run-daemon"],
    environment: { PATH, HOME: "/var/root" },
    keepAlive: true,
    log: "/var/log/tart-guest-daemon.log",
  },
  {
    // `tart exec` and `tart ip --resolver=agent`.
    folder: "LaunchAgents",
    label: "org.cirruslabs.tart-guest-agent",
    programArguments: ["/opt/homebrew/bin/tart-guest-agent", "--run-agent"],
    environment: { PATH, HOME: "/Users/admin", TERM: "xterm-256color" },
    keepAlive: true,
    log: "/tmp/tart-guest-agent.log",
  },
  {
    // The setting is kept by hardware UUID, which every clone has anew.
    folder: "LaunchAgents",
    label: "dev.tartfleet.screensaver-off",
    programArguments: [
      "/usr/bin/defaults",
      "-currentHost",
      "write",
      "com.apple.screensaver",
      "idleTime",
      "0",
    ],
    keepAlive: false,
  },
];

/** Below the folder of templates. */
export const jobPath = (job: LaunchdJob): string => `launchd/${plistPath(job)}`;
