import { Command, InvalidArgumentError } from "commander";
import { build } from "./build.ts";
import { check } from "./check/check.ts";
import { type ChoiceFlags, readChoice } from "./choice.ts";
import type { Context } from "./context.ts";
import { ImagesError } from "./images-error.ts";
import { generate } from "./launchd/generate.ts";
import { planSteps, stepsFrom } from "./plan.ts";
import { planText } from "./plan-text.ts";

/** The command line as a whole. Actions throw ImagesErrors; commander's own errors are thrown, too. */
export function makeProgram(context: Context): Command {
  const program = new Command("images")
    .description("Builds macOS images for the fleet, from Apple's restore image to a registry.")
    .configureOutput({ writeOut: (text) => context.say(text.trimEnd()) })
    .showHelpAfterError("(--help tells more)")
    .exitOverride();

  withChoice(program.command("plan"))
    .description("Shows what would be built of what, in which order, by which commands.")
    .action(async (flags: ChoiceFlags & { from?: string }) => {
      const steps = await chosenSteps(flags, context);
      context.say(planText(steps));
    });

  program
    .command("check")
    .description("Looks at the templates, without a Mac and without a network.")
    .action(async () => {
      const { findings, missing } = await check(context.folder);
      for (const { file, problem } of findings) context.say(`${file}: ${problem}`);
      for (const name of missing) context.say(`not looked at by ${name}, which is not installed`);
      if (findings.length > 0) {
        throw new ImagesError(
          "invalid_templates",
          `${findings.length} problems in ${context.folder}`,
          "Correct them.",
        );
      }
      context.say("The templates are as they should be, as far as can be told without a Mac.");
    });

  withChoice(program.command("build"))
    .description("Builds what `plan` shows. On a Mac, with packer and tart.")
    .option("--limit-minutes <minutes>", "for every step, in place of its own limit", minutes)
    .action(async (flags: ChoiceFlags & { from?: string; limitMinutes?: number }) => {
      await build(await chosenSteps(flags, context), context, { limitMinutes: flags.limitMinutes });
    });

  program
    .command("generate")
    .description("Writes the files of the launchd jobs anew.")
    .action(async () => {
      for (const path of await generate(context.folder)) context.say(path);
    });

  return program;
}

function withChoice(command: Command): Command {
  return command
    .requiredOption("--release <name>", "Apple's name of the release, e.g. tahoe")
    .option("--xcode <version>", "with this Xcode, as `xcodes` names it")
    .option("--xip <file>", "Xcode_<version>.xip on this Mac")
    .option("--xip-sha256 <hex>", "what the .xip must be")
    .option("--downloads <folder>", "of restore images (default: ~/Library/Caches/tartfleet/restore-images)")
    .option("--var <name=value>", "another variable of the templates; may be repeated", variable, {})
    .option("--from <step>", "begin with this step; what is before it is there already");
}

async function chosenSteps(flags: ChoiceFlags & { from?: string }, context: Context) {
  const steps = planSteps(await readChoice(flags, context));
  return flags.from === undefined ? steps : stepsFrom(steps, flags.from);
}

function variable(text: string, before: Record<string, string>): Record<string, string> {
  const [, name, value] = /^([a-z0-9_]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError("It must be name=value.");
  return { ...before, [name]: value };
}

function minutes(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a number of minutes.");
}
