export * from "./fields.ts";
export { matchesImage } from "./image-pattern.ts";
export { readSettings, type Program, type ReadSettings } from "./read-settings.ts";
