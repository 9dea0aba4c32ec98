/**
 * A stage's script as gitlab-runner writes it for bash (shells/bash.go, without FF_USE_NEW_BASH_EVAL_STRATEGY): one
 * pipe, whose stdin is empty, so that nothing in it can read the rest of the script.
 */
export function bashScript(variables: Readonly<Record<string, string>>, lines: readonly string[]): string {
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${ansiQuote(value)}`);
  const body = [...exports, ...lines].join("\n");
  return `#!/usr/bin/env bash\n\nset -eo pipefail\nset +o noclobber\n: | eval ${ansiQuote(`${body}\n`)}\nexit 0\n`;
}

/** helpers.ShellEscape: bash's $'…'. */
function ansiQuote(text: string): string {
  const escaped = text
    .replaceAll("\\", String.raw`\\`)
    .replaceAll("'", String.raw`\'`)
    .replaceAll("\n", String.raw`\n`);
  return `$'${escaped}'`;
}
