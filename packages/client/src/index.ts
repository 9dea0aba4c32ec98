export {
  createClient,
  type CallOptions,
  type Client,
  type ClientOptions,
  type CreateOptions,
  type RequestArguments,
  type VmFilter,
} from "./client.ts";
export type { OutageOptions } from "./outage.ts";
export type { Asked, LiveOperation, Operation } from "./request.ts";
export { TartfleetError, type ErrorCode, type ErrorFacts } from "./error.ts";
export type * from "./wire.ts";
