import type { OptionSpec } from "./spec.ts";

/** Short ways to declare an option: with a value, with many, with a number, with none. */
export const text = (long: string, value: string, help: string): OptionSpec => ({ long, value, help });
export const many = (long: string, value: string, help: string): OptionSpec => ({
  long,
  value,
  help,
  repeat: true,
});
export const number = (long: string, value: string, help: string): OptionSpec => ({
  long,
  value,
  type: "int",
  help,
});
export const flag = (long: string, help: string): OptionSpec => ({ long, help });
