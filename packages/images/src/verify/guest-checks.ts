import { exports } from "@tartfleet/agent/src/guest/shell.ts";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Release } from "../templates/release.ts";

/** A look into the guest: a bash script that prints what it saw. Exit code 0: kept; 3: absent; any other: broken. */
export interface GuestCheck {
  number: number;
  title: string;
  script: string;
  timeoutSeconds: number;
}

export const ABSENT = 3;

/** What the xcode layer was told to install. */
export interface Simulators {
  platforms: readonly string[];
  /** Exactly these, e.g. `iOS 26.4`; none: one of each platform. */
  runtimes: readonly string[];
}

/** Programs of the base layer, as a job looks for them. */
const TOOLS = ["brew", "git", "git-lfs", "jq", "yq", "gh", "wget", "aws", "cmake", "mise", "node"];

const tools = `zsh -c '
for tool in ${TOOLS.join(" ")}; do
  if ! command -v "$tool" >/dev/null; then echo "$tool is not in PATH"; exit 1; fi
done
echo "$LANG, $PATH"; test "$LANG" = en_US.UTF-8'`;

/** The tools once more by way of ssh, which is another session with another PATH. */
export const TOOLS_BY_SSH: GuestCheck = {
  number: 8,
  title: "ssh finds the tools",
  script: tools,
  timeoutSeconds: 60,
};

/** The sign-off list's points that a guest itself can tell, in its order. */
export async function guestChecks({
  folder,
  release,
  freeSpaceMb,
  simulators,
}: {
  folder: string;
  release: Release;
  freeSpaceMb: number;
  simulators: Simulators;
}): Promise<GuestCheck[]> {
  /** What ended the build of a layer when it was not so must still be so. */
  const asBuilt = async (path: string, env: Record<string, string> = {}) =>
    `${exports(env)}${await readFile(join(folder, "scripts", path), "utf8")}`;

  const check = (number: number, title: string, script: string, timeoutSeconds = 60): GuestCheck => ({
    number,
    title,
    script,
    timeoutSeconds,
  });

  return [
    check(
      1,
      "macOS is the one of the restore image",
      await asBuilt("vanilla/assert-macos.sh", {
        MACOS_VERSION: release.macos_version,
        MACOS_BUILD: release.macos_build,
      }),
    ),
    check(3, "sudo asks for no password", "sudo -n true && echo it does not"),
    check(
      4,
      "somebody is logged in at the screen",
      `launchctl print "gui/$(id -u)" >/dev/null && echo "the session of $(id -un)"`,
    ),
    check(
      4,
      "the login stays automatic",
      `user=$(defaults read /Library/Preferences/com.apple.loginwindow autoLoginUser) && echo "as $user" && test "$user" = admin || exit 1
if sudo -n grep -q sealed /etc/kcpassword 2>/dev/null; then echo "/etc/kcpassword was sealed"; exit 1; fi`,
    ),
    check(
      4,
      "no Setup Assistant is in the way",
      `if pgrep -x 'Setup Assistant'; then exit 1; fi; echo it does not run`,
    ),
    check(
      5,
      "it does not sleep",
      `settings=$(pmset -g) && echo "$settings" | grep -E '^ *sleep +' && echo "$settings" | grep -Eq '^ *sleep +0( |$)'`,
    ),
    check(
      5,
      "the screen saver never comes, in a clone either",
      `time=$(defaults -currentHost read com.apple.screensaver idleTime) && echo "after $time s (0: never)" && test "$time" = 0`,
    ),
    check(
      5,
      "the screen does not lock",
      `said=$(sysadminctl -screenLock status 2>&1); echo "$said" | tail -n 1; echo "$said" | grep -qi 'off'`,
    ),
    check(6, "Gatekeeper and FileVault are off", `${await asBuilt("vanilla/assert-open.sh")}\necho they are`),
    check(
      6,
      `System Integrity Protection is ${release.sip}`,
      `csrutil status && csrutil status | grep -q ${release.sip === "on" ? "enabled" : "disabled"}`,
    ),
    check(
      7,
      "updates are off",
      `said=$(softwareupdate --schedule 2>&1); echo "$said"; echo "$said" | grep -qi 'off'`,
    ),
    check(8, "jobs find the tools", tools),
    check(
      9,
      "GitHub's runner is there",
      `test -x ~/actions-runner/run.sh || exit ${ABSENT}
echo "$(~/actions-runner/bin/Runner.Listener --version): GitHub refuses it about thirty days after a newer one"`,
    ),
    check(9, "GitLab's runner is there", present("gitlab-runner", "gitlab-runner --version | head -n 1")),
    check(9, "Buildkite's agent is there", present("buildkite-agent", "buildkite-agent --version")),
    check(
      9,
      "Jenkins' agent is there",
      `java -version >/dev/null 2>&1 || exit ${ABSENT}
java -version 2>&1 | head -n 1
test -r ~/agent.jar || test -r ~/jenkins/agent.jar || { echo "and no agent.jar"; exit ${ABSENT}; }`,
    ),
    check(
      9,
      "Azure's agent is there",
      `test -x ~/azure-pipelines-agent/run.sh || exit ${ABSENT}
~/azure-pipelines-agent/bin/Agent.Listener --version`,
    ),
    check(9, "CircleCI's runner is there", present("circleci-runner", "circleci-runner --version")),
    check(
      10,
      "there is no secret in it",
      `${await asBuilt("runner/assert-no-secrets.sh")}\necho none was found`,
    ),
    check(
      10,
      "nobody's history is in it",
      `for file in ~/.zsh_history ~/.bash_history; do if [ -s "$file" ]; then echo "$file"; exit 1; fi; done; echo none`,
    ),
    check(
      11,
      "the simulators are those that were asked for",
      `${hasSimulators}\n${await asBuilt("xcode/assert-runtimes.sh", {
        XCODE_PLATFORMS: simulators.platforms.join(" "),
        XCODE_RUNTIMES: simulators.runtimes.join(","),
      })}`,
    ),
    check(
      11,
      "a simulator boots",
      `${hasSimulators}
device=$(xcrun simctl list devices available | grep -oE '[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}' | head -n 1)
if [ -z "$device" ]; then echo "there is none"; exit 1; fi
xcrun simctl bootstatus "$device" -b >/dev/null && xcrun simctl shutdown "$device" && xcrun simctl list runtimes | tail -n +2`,
      600,
    ),
    check(
      12,
      "a job has room",
      await asBuilt("last/assert-free-space.sh", { FREE_SPACE_MB: String(freeSpaceMb) }),
    ),
  ];
}

const hasSimulators = `xcrun simctl help >/dev/null 2>&1 || exit ${ABSENT}`;

const present = (program: string, script: string) =>
  `PATH=$PATH:/opt/homebrew/bin; command -v ${program} >/dev/null || exit ${ABSENT}; ${script}`;
