export * from "./agent.ts";
export * from "./call.ts";
export * from "./loopback.ts";
export * from "./pin.ts";
export * from "./self-signed.ts";
export * from "./trust.ts";
