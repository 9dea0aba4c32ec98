import { expect, it } from "vitest";
import { parseJob, parseLabels } from "../../src/launchd/parse.ts";

const printed = (...lines: string[]) =>
  `gui/501/dev.tartfleet.vm.a = {\n${lines.map((line) => `\t${line}\n`).join("")}}\n`;

it.each([
  ["never ran", ["state = not running", "last exit code = (never exited)"], undefined, undefined],
  ["runs", ["state = running", "pid = 4711", "last exit code = (never exited)"], 4711, undefined],
  ["ended", ["state = not running", "last exit code = 3"], undefined, { exitCode: 3, signal: null }],
  ["has a named code", ["last exit code = 78: EX_CONFIG"], undefined, { exitCode: 78, signal: null }],
  ["was killed", ["last terminating signal = Killed: 9"], undefined, { exitCode: null, signal: "SIGKILL" }],
  ["crashed", ["last terminating signal = Bus error: 10"], undefined, { exitCode: null, signal: "SIGBUS" }],
  ["has a pid deeper down", ["jetsam coalition = {", "\tpid = 9", "}"], undefined, undefined],
])("a job that %s", (_what, lines, pid, exit) => {
  expect(parseJob(printed("path = /a.plist", ...lines))).toEqual({ path: "/a.plist", pid, exit });
});

it("labels of a session", () => {
  const text =
    "gui/501 = {\n\ttype = login\n\tservices = {\n\t\t     573      - \tcom.apple.tccd\n\t\t       0     (pe) \tcom.apple.x\n\t\t       0    -15 \tdev.tartfleet.vm.a\n\t}\n\n\tendpoints = {\n\t\t  0 0 \tno.label\n\t}\n}\n";
  expect(parseLabels(text)).toEqual(["com.apple.tccd", "com.apple.x", "dev.tartfleet.vm.a"]);
  expect(parseLabels("")).toEqual([]);
});
