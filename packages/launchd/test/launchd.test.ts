import { expect, test } from "vitest";
import { launchdProblems, plistPath, plistText, type LaunchdJob } from "../src/index.ts";

const job: LaunchdJob = {
  folder: "LaunchDaemons",
  label: "org.cirruslabs.tart-guest-daemon",
  programArguments: ["/opt/homebrew/bin/tart-guest-agent", "--run-daemon"],
  environment: { PATH: "/opt/homebrew/bin:/usr/bin:/bin", HOME: "/var/root" },
  keepAlive: true,
  throttleSeconds: 30,
  abandonsProcessGroup: true,
  log: "/var/log/tart-guest-daemon.log",
};
const path = plistPath(job);
const text = plistText(job);

test("a job with everything keeps the rules", () => {
  expect(path).toBe("LaunchDaemons/org.cirruslabs.tart-guest-daemon.plist");
  expect(launchdProblems(path, text)).toEqual([]);
});

test("a job that somebody else starts, where launchd does not look by itself", () => {
  const started = plistText({ ...job, startsWhenLoaded: false, isInteractive: true });
  expect(started).not.toContain("RunAtLoad");
  expect(started).toContain("<string>Interactive</string>");
  expect(launchdProblems(`/var/lib/jobs/${job.label}.plist`, started)).toEqual([]);
});

test.each([
  ["a label of another file", text.replace("guest-daemon</string>", "guest</string>"), "named as the Label"],
  [
    "a program that is looked for",
    text.replace("/opt/homebrew/bin/tart-guest-agent", "tart-guest-agent"),
    "ProgramArguments.0",
  ],
  ["no PATH", text.replace("<key>PATH</key>", "<key>PATHS</key>"), "PATH must hold"],
  ["no HOME", text.replace("<key>HOME</key>", "<key>HOUSE</key>"), "no HOME"],
  ["no log", text.replace(/\s*<key>StandardErrorPath<\/key>\s*<string>.*<\/string>/, ""), "must have a log"],
  ["nobody who starts it", text.replace(/\s*<key>RunAtLoad<\/key>\s*<true\/>/, ""), "RunAtLoad"],
  ["a misspelt key", text.replace("KeepAlive", "KeepAliv"), "KeepAliv"],
  [
    "a key that is there twice",
    text.replace("<key>RunAtLoad", "<key>Label</key><string>a</string><key>RunAtLoad"),
    "there twice",
  ],
  ["a value that is missing", text.replace("<string>/var/root</string>", "<string></string>"), "empty"],
  ["a tag that is left open", text.replace("</dict>", ""), "no property list"],
  [
    "a secret",
    text.replace("<key>HOME</key>", "<key>API_TOKEN</key><string>a</string><key>HOME</key>"),
    "no secret",
  ],
  [
    "tart as root",
    text.replaceAll("tart-guest-agent", "tart").replace("--run-daemon", "run"),
    "must not run as root",
  ],
])("%s is found", (_what, spoilt, problem) => {
  expect(launchdProblems(path, spoilt)).toContainEqual(expect.stringContaining(problem));
});
