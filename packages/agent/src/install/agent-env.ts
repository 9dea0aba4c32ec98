import { SETTINGS, type Settings } from "../config/settings.ts";

/** What is not given is undefined. */
type Given = { [Key in keyof Omit<Settings, "enrolmentToken">]?: Settings[Key] | undefined };

const PROBE = "https://tartfleet.invalid";

/**
 * The file that the agent's settings come from: those that are not what the agent takes by itself.
 *
 * @returns undefined for a value that such a file cannot hold
 */
export function agentEnv(settings: Given): string | undefined {
  const usual: Record<string, unknown> = SETTINGS.parse({ url: PROBE });
  const given: Record<string, unknown> = { ...settings };
  const lines = Object.keys(SETTINGS.shape).flatMap((key) => {
    const value = given[key];
    if (value === undefined || JSON.stringify(value) === JSON.stringify(usual[key])) return [];
    return [
      line(`TARTFLEET_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`, textOf(value)),
    ];
  });
  return lines.includes(undefined) ? undefined : lines.map((one) => `${one}\n`).join("");
}

function textOf(value: unknown): string {
  if (typeof value === "object" && value !== null) {
    return Object.entries(value)
      .map(([name, each]) => `${name}=${String(each)}`)
      .join(",");
  }
  return value === true ? "1" : String(value);
}

/** As Node's --env-file reads it. */
function line(name: string, value: string): string | undefined {
  if (/^[\w./:@,=+~-]+$/.test(value)) return `${name}=${value}`;
  if (/[\n\r]/.test(value)) return undefined;
  const quote = ["'", '"', "`"].find(
    (one) => !value.includes(one) && !(one === '"' && value.includes("\\n")),
  );
  return quote === undefined ? undefined : `${name}=${quote}${value}${quote}`;
}
