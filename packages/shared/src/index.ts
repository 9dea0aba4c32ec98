export * from "./error-codes.ts";
export * from "./host.ts";
export * from "./names.ts";
export * from "./protocol.ts";
export * from "./runner.ts";
export * from "./token.ts";
export * from "./vm-state.ts";
export * from "./vm.ts";
