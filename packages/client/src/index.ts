export {
  createClient,
  type CallOptions,
  type Client,
  type ClientOptions,
  type CreateOptions,
} from "./client.ts";
export { TartfleetError, type ErrorCode, type ErrorFacts } from "./error.ts";
export type * from "./wire.ts";
