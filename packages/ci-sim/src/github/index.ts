export { makeSimGitHub, type SimGitHub, type SimGitHubOptions } from "./github.ts";
export { serveSimGitHub, type ServedGitHub } from "./serve.ts";
export type { SimJob } from "./jobs.ts";
export type { Dispatch } from "./scale-set.ts";
