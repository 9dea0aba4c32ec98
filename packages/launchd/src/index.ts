export { plistPath, plistText, type LaunchdJob } from "./plist.ts";
export { launchdProblems } from "./rules.ts";
