const PLAIN = `bs del enter return esc tab up down left right spacebar insert home end pageUp pageDown menu
f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 f11 f12`;
const HELD = ["Alt", "Ctrl", "Shift", "Super", "Command", "Option"].flatMap((key) => [
  `left${key}`,
  `right${key}`,
]);

const KEYS: ReadonlySet<string> = new Set([
  ...PLAIN.split(/\s+/),
  ...HELD.flatMap((key) => [key, `${key}On`, `${key}Off`]),
]);

/** wait, wait5, wait10s, wait1m20s. */
const WAIT = /^wait(\d+|(\d+h)?(\d+m)?(\d+s)?)$/;
/** Reads the screen: <wait 'regex'>, <click 'regex'>. */
const SCREEN = /^(wait|click)\s*'(.+)'$/;

/**
 * What is wrong in text that is typed by boot_command: packer looks at it only when it types, half an hour into a build.
 * A key that is held must be let go in the same text.
 */
export function keyProblems(text: string): string[] {
  const problems: string[] = [];
  const held = new Set<string>();
  for (const [, token = ""] of text.matchAll(/<([^<>]*)>/g)) {
    const problem = tokenProblem(token);
    if (problem !== undefined) problems.push(problem);
    const [, key, turn] = /^((?:left|right)[A-Z][a-z]+)(On|Off)$/.exec(token) ?? [];
    if (key === undefined) continue;
    if (turn === "On") held.add(key);
    else if (!held.delete(key)) problems.push(`<${token}> lets go of a key that nobody holds`);
  }
  for (const key of held) problems.push(`${key} is never let go`);
  if (/[<>]/.test(text.replaceAll(/<[^<>]*>/g, ""))) problems.push("a < or > has no partner");
  return problems;
}

function tokenProblem(token: string): string | undefined {
  if (KEYS.has(token) || WAIT.test(token)) return undefined;
  const [, , pattern] = SCREEN.exec(token) ?? [];
  if (pattern === undefined) return `there is no key <${token}>`;
  try {
    RegExp(pattern);
    return undefined;
  } catch {
    return `<${token}>: no regular expression`;
  }
}

/** Every text with keys in a template that types, or has texts for it, without what it takes from elsewhere (`${…}`). */
export function typedTexts(template: string): string[] {
  if (!/^locals \{|\bboot_command\b/m.test(template)) return [];
  const lines = template.split("\n").filter((line) => !/^\s*(#|\/\/)/.test(line));
  return [...lines.join("\n").matchAll(/"((?:[^"\\\n]|\\.)*)"/g)]
    .map(([, text = ""]) => text.replaceAll(/\$\{[^}]*\}/g, ""))
    .filter((text) => /[<>]/.test(text));
}
