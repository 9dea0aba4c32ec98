export { attemptErrorOf, type AttemptStep } from "./attempt-error.ts";
export { makeTart, type TartOptions } from "./make-tart.ts";
export { failed, ok, type Result } from "./result.ts";
export type * from "./tart.ts";
