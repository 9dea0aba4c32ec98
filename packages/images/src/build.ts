import { execa } from "execa";
import type { Context } from "./context.ts";
import { ImagesError } from "./images-error.ts";
import type { Step } from "./plan.ts";
import { commandLine } from "./plan-text.ts";

/** How long packer may take to remove the VM that it was building. */
const CLEAN_UP_MS = 60_000;

export interface BuildOptions {
  /** In place of every step's own limit. */
  limitMinutes?: number | undefined;
}

/**
 * Carries a plan out, step by step. What a step has made stays when a later one fails.
 *
 * @throws ImagesError `not_a_mac`, `program_missing`, `step_failed`, `timed_out`
 */
export async function build(
  steps: readonly Step[],
  context: Context,
  options: BuildOptions = {},
): Promise<void> {
  if (context.platform !== "darwin") {
    throw new ImagesError(
      "not_a_mac",
      "Images are built on a Mac: packer's plugin for tart, and tart itself, run nowhere else",
      "`npm run images -- plan` shows the commands, `check` looks at the templates here.",
    );
  }
  for (const step of steps) {
    context.say(`== ${step.name}: ${step.makes}`);
    const begun = context.now();
    const until = AbortSignal.timeout((options.limitMinutes ?? step.limitMinutes) * 60_000);
    for (const argv of step.commands) await runCommand(step, argv, until, context);
    context.say(`== ${step.name}: done in ${Math.round((context.now() - begun) / 1000)} s`);
  }
}

async function runCommand(
  step: Step,
  [program = "", ...args]: readonly string[],
  until: AbortSignal,
  { env, signal, say }: Context,
): Promise<void> {
  say(`$ ${commandLine([program, ...args])}`);
  const { exitCode, code, isCanceled } = await execa(program, args, {
    // Without CI packer opens Screen Sharing on the Mac that builds.
    env: { ...env, CI: "true" },
    extendEnv: false,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    reject: false,
    cancelSignal: AbortSignal.any([until, signal]),
    // Told so, packer removes the VM that it was making.
    killSignal: "SIGINT",
    forceKillAfterDelay: CLEAN_UP_MS,
  });
  if (exitCode === 0) return;
  if (code === "ENOENT") {
    throw new ImagesError(
      "program_missing",
      `There is no ${program} in PATH`,
      INSTALL[program] ?? "Install it.",
    );
  }
  if (isCanceled && until.aborted) {
    throw new ImagesError(
      "timed_out",
      `${step.name} was not over within its time`,
      "A pane that is not as expected is waited for without end: look at the VM's screen, correct the templates or raise --limit-minutes.",
    );
  }
  throw new ImagesError(
    "step_failed",
    `${step.name} failed: ${program} ${isCanceled ? "was stopped" : `ended with ${exitCode ?? code ?? "a signal"}`}`,
    `Its output is above. Go on with --from ${step.name}.`,
  );
}

const INSTALL: Readonly<Record<string, string>> = {
  packer: "brew install hashicorp/tap/packer",
  tart: "brew install openai/tools/tart",
};
