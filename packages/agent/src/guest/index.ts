export { attemptErrorOfGuest } from "./attempt-error.ts";
export { provision } from "./provision.ts";
export { readScriptResult, requestShutdown } from "./results.ts";
export type { SshLogin } from "./ssh-guest.ts";
export { waitForGuest } from "./wait-for-guest.ts";
