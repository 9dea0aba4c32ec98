export * from "./fields.ts";
export { readSettings, type Program, type ReadSettings } from "./read-settings.ts";
