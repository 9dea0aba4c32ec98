import { dirname, join } from "node:path";
import type { LaunchdJob } from "@tartfleet/launchd";
import { AGENT_LABEL, installedIn } from "../installed.ts";

/* Where the things of an installed host are (docs/macs.md); what an upgrade touches as well, is named there. */

const { versions, current, allowedSigners } = installedIn("/");
export const LIB = dirname(versions);
export const VERSIONS = versions;
/** The version that runs. */
export const CURRENT = current;
export const ALLOWED_SIGNERS = allowedSigners;
export const PROGRAM = "/usr/local/bin/tartfleet-agent";
export const ETC = "/usr/local/etc/tartfleet";
export const AGENT_ENV = `${ETC}/agent.env`;
/** Written at each boot of an EC2 Mac; stronger than the one above. */
export const HOST_ENV = `${ETC}/host.env`;
export const NEWSYSLOG = "/etc/newsyslog.d/tartfleet.conf";
export const KCPASSWORD = "/etc/kcpassword";
const BOOT_LABEL = "dev.tartfleet.boot";
/** launchd makes it for root; what is remembered of it is that it was not there. */
export const BOOT_LOG = "/var/log/tartfleet-boot.log";

const PATH = "/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";

/** A user's own things. */
export function homeLayout(home: string) {
  return {
    data: join(home, ".tartfleet-agent"),
    launchAgents: join(home, "Library/LaunchAgents"),
    logs: join(home, "Library/Logs/tartfleet"),
  };
}

/** The agent in the session at the screen. VMs outlive it. */
export function agentJob(home: string): LaunchdJob {
  return {
    folder: "LaunchAgents",
    label: AGENT_LABEL,
    programArguments: [PROGRAM],
    environment: { PATH },
    keepAlive: true,
    throttleSeconds: 30,
    abandonsProcessGroup: true,
    // launchd holds other jobs back, and with them the pulls and clones that they start.
    isInteractive: true,
    log: join(homeLayout(home).logs, "agent.log"),
  };
}

/** What EC2 tells the Mac about itself at each boot, asked by root: macOS keeps it from others. */
export const BOOT_JOB: LaunchdJob = {
  folder: "LaunchDaemons",
  label: BOOT_LABEL,
  programArguments: [`${CURRENT}/boot/boot.sh`],
  environment: { PATH, HOME: "/var/root" },
  keepAlive: false,
  log: BOOT_LOG,
};

/** newsyslog(8) cuts the agent's log at 20 MB and keeps five of them; see src/process/cut-log.ts. */
export function newsyslogRule(home: string, uid: number, gid: number): string {
  const log = agentJob(home).log ?? "";
  return `# log owner mode count KB when flags\n${log} ${uid}:${gid} 600 5 20000 * NJ\n`;
}
