/** GitHub has it otherwise than the configuration says: only a person can help. */
export class NotAsConfiguredError extends Error {
  override readonly name = "NotAsConfiguredError";
  readonly code: string;

  constructor({ code, message }: { code: string; message: string }) {
    super(message);
    this.code = code;
  }
}

/** So long it is left alone: a person needs time, and GitHub need not be asked all the while. */
export const LEFT_ALONE_MS = 600_000;

export const noSuchGroup = (name: string) => ({
  code: "runner_group_not_found",
  message: `There is no runner group ${name} that this App or token may use. Make it at GitHub (Settings › Actions › Runner groups), let it in, or correct runnerGroup.`,
});

export const groupRefused = (name: string, why: string) => ({
  code: "runner_group_refused",
  message: `GitHub lets no runner into the runner group ${name}: ${why}. Let the App or token use it, or correct runnerGroup.`,
});
