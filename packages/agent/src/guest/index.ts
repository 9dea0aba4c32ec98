export { attemptErrorOfGuest } from "./attempt-error.ts";
export { makeExecGuest } from "./exec-guest.ts";
export type * from "./guest.ts";
export type { ProvisionSubject } from "./provision-script.ts";
export { provision } from "./provision.ts";
export { readScriptResult, requestShutdown, type ScriptResult } from "./results.ts";
export { makeSshGuest, type SshLogin } from "./ssh-guest.ts";
export { waitForGuest, type ReachedGuest, type WaitForGuest } from "./wait-for-guest.ts";
