/** One word of a shell command line: every byte arrives as it is, in sh, bash and zsh. NUL cannot be. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Lines `NAME='value'` for a shell to source. */
export function assignments(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quote(value)}\n`)
    .join("");
}

/**
 * Names that zsh keeps for itself, so that assigning them ends the file it reads (zsh 5.9, found by trying).
 * bash takes them, and bash is what starts the runner.
 */
const ZSH_OWN = new Set(
  (
    "ARGC EGID EUID GID HISTCMD LINENO PPID TTYIDLE UID USERNAME ZSH_EVAL_CONTEXT ZSH_SUBSHELL aliases argv " +
    "builtins cdpath commands dis_aliases dis_builtins dis_functions dis_functions_source dis_galiases dis_patchars " +
    "dis_reswords dis_saliases fignore fpath funcfiletrace funcsourcetrace funcstack functions functions_source " +
    "functrace galiases history historywords jobdirs jobstates jobtexts keymaps mailpath manpath module_path " +
    "modules nameddirs options parameters patchars path pipestatus psvar reswords saliases signals status termcap " +
    "terminfo userdirs usergroups widgets zsh_eval_context zsh_scheduled_events"
  ).split(" "),
);

/** The environment of jobs as a file for zsh and bash to source. Values arrive unchanged, newlines too. */
export function exports(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => {
      const guard = ZSH_OWN.has(name) ? '[ -n "${ZSH_VERSION-}" ] || ' : "";
      return `${guard}export ${name}=${quote(value)}\n`;
    })
    .join("");
}
