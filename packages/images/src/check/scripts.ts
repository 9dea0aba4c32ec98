/** What bash 3.2, the one of macOS, does not know. */
const NEWER: readonly (readonly [RegExp, string])[] = [
  [/\b(mapfile|readarray)\b/, "mapfile and readarray"],
  [/\b(declare|local|typeset)\s+-[a-zA-Z]*[Agn]/, "declare -A, -g and -n"],
  [/\$\{[A-Za-z_]\w*(,,?|\^\^?|@[A-Za-z])/, "${x,,}, ${x^^} and ${x@…}"],
  [/&>>/, "&>>"],
  [/\|&/, "|&"],
  [/\bcoproc\b/, "coproc"],
  [/\bwait\s+-n\b/, "wait -n"],
  [/;;?&/, ";& and ;;&"],
  [/printf\s+(-v\s+\S+\s+)?['"][^'"]*%\([^)]*\)T/, "printf %(…)T"],
  [/\$\{?(EPOCHSECONDS|EPOCHREALTIME|BASHPID)\b/, "$EPOCHSECONDS, $EPOCHREALTIME and $BASHPID"],
];

/** What is wrong with a provisioner's script beyond what shellcheck sees. */
export function scriptProblems(text: string): string[] {
  const code = withoutComments(text);
  return [
    ...(text.startsWith("#!/bin/bash\n") ? [] : ["its first line must be #!/bin/bash"]),
    ...(/^set -euo pipefail$/m.test(code)
      ? []
      : ["without `set -euo pipefail` a step that fails goes unseen"]),
    ...newerBash(code),
  ];
}

/** What macOS' bash does not know of a script. */
export function newerBash(text: string): string[] {
  return NEWER.filter(([sign]) => sign.test(withoutComments(text))).map(
    ([, what]) => `macOS has bash 3.2, without ${what}`,
  );
}

const withoutComments = (text: string) =>
  text
    .split("\n")
    .filter((line) => !/^\s*#/.test(line))
    .join("\n");
