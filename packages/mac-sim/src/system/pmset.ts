import { fail, ok, type Program } from "./state.ts";

const FLAGS: Record<string, string> = { "-c": "AC Power", "-b": "Battery Power", "-u": "UPS Power" };

/** pmset(1): `-g`, `-g custom`, and one setting for one source of power. */
export const pmset: Program = (args, mac) => {
  const state = mac.read();
  const [flag = "", name = "", value = "", ...rest] = args;
  const listed = (power: Record<string, number>) =>
    Object.entries(power)
      .map(([key, minutes]) => ` ${key.padEnd(20)} ${minutes}\n`)
      .join("");
  if (flag === "-g" && name === "custom" && value === "") {
    return ok(
      Object.entries(state.power)
        .map(([source, power]) => `${source}:\n${listed(power)}`)
        .join(""),
    );
  }
  if (flag === "-g" && name === "")
    return ok(`System-wide power settings:\nCurrently in use:\n${listed(state.power["AC Power"] ?? {})}`);
  const power = state.power[FLAGS[flag] ?? ""];
  if (!power || !(name in power) || !/^\d+$/.test(value) || rest.length > 0)
    return fail(64, "Usage: pmset <options>");
  power[name] = Number(value);
  mac.write(state);
  return ok();
};
