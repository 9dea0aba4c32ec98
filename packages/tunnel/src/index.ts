export * from "./dial.ts";
export * from "./tunnel-end.ts";
