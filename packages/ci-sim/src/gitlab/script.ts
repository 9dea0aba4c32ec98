const ON_TERM = "trap 'exit 1' TERM";

/**
 * A stage's script as gitlab-runner writes it for bash (shells/bash.go, BashWriter.Finish): what the job says is one word,
 * evaluated by a shell whose stdin is empty, so that nothing in it can read the rest.
 */
export function bashScript(variables: Readonly<Record<string, string>>, lines: readonly string[]): string {
  const exports = Object.entries(variables).map(
    ([name, value]) => `export ${shellEscape(name)}=${shellEscape(value)}`,
  );
  const body = [...exports, ...lines].map((line) => `${line}\n`).join("");
  return `#!/usr/bin/env bash

${ON_TERM}

case "$(set -o)" in *"pipefail"*) set -o pipefail;; esac; set -o errexit
set +o noclobber
(${ON_TERM}; eval ${shellEscape(body)}) < /dev/null
exit 0
`;
}

/** What bash's $'…' writes in another way than hexadecimal. */
const NAMED: Readonly<Record<number, string>> = {
  7: String.raw`\a`,
  8: String.raw`\b`,
  9: String.raw`\t`,
  10: String.raw`\n`,
  11: String.raw`\v`,
  12: String.raw`\f`,
  13: String.raw`\r`,
  39: String.raw`\'`,
  92: String.raw`\\`,
};

/** helpers.ShellEscape: as it stands where that is safe, else bash's $'…', byte by byte. */
function shellEscape(text: string): string {
  if (text === "") return "''";
  if (/^[\w,\-./@]+$/.test(text)) return text;
  const escaped = Array.from(Buffer.from(text), (byte) => {
    const isPrintable = byte >= 0x20 && byte < 0x7f;
    return (
      NAMED[byte] ?? (isPrintable ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`)
    );
  });
  return `$'${escaped.join("")}'`;
}
