import { Command, InvalidArgumentError } from "commander";
import { build } from "./build.ts";
import { check } from "./check/check.ts";
import { type ChoiceFlags, readChoice } from "./choice.ts";
import type { Context } from "./context.ts";
import { ImagesError } from "./images-error.ts";
import { generate } from "./launchd/generate.ts";
import { planSteps, stepsFrom } from "./plan.ts";
import { planText } from "./plan-text.ts";
import { giveToChannel } from "./push/channel.ts";
import { push } from "./push/push.ts";
import { listVariable } from "./templates/variables.ts";
import { reportText } from "./verify/report.ts";
import { verify } from "./verify/verify.ts";

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
      const { findings, missing } = await check(context);
      for (const { file, problem } of findings) context.say(`${file}: ${problem}`);
      for (const name of missing) context.say(`not looked at by ${name}, which is not installed`);
      if (findings.length > 0) {
        throw new ImagesError(
          "invalid_templates",
          `${findings.length} problems in ${context.folder} and ${context.hostFolder}`,
          "Correct them.",
        );
      }
      context.say("The templates are as they should be, as far as can be told without a Mac.");
    });

  withChoice(program.command("build"))
    .description("Builds what `plan` shows. On a Mac, with packer and tart.")
    .option("--limit-minutes <minutes>", "for every step, in place of its own limit", number)
    .action(async (flags: ChoiceFlags & { from?: string; limitMinutes?: number }) => {
      await build(await chosenSteps(flags, context), context, { limitMinutes: flags.limitMinutes });
    });

  program
    .command("verify <image>")
    .summary("look at a fresh clone of an image, point by point")
    .description(
      "Clones a VM or an image, boots the clone, looks at every point of the sign-off list, and removes the clone. Where tart is.",
    )
    .requiredOption("--release <name>", "what it must be, e.g. tahoe")
    .option("--var <name=value>", "with which it was built; may be repeated", variable, {})
    .option(
      "--boot-seconds <seconds>",
      "the longest that the guest may take to answer (default: 300)",
      number,
    )
    .option("--free-space-mb <mb>", "what a job needs (default: 15000)", number)
    .action(async (image: string, flags: ChoiceFlags & { bootSeconds?: number; freeSpaceMb?: number }) => {
      const { release, variables: given, folder } = await readChoice(flags, context);
      const simulators = {
        platforms: await listVariable("xcode_platforms", { given, folder }),
        runtimes: await listVariable("xcode_runtimes", { given, folder }),
      };
      const { bootSeconds = 300, freeSpaceMb = 15_000 } = flags;
      const points = await verify({ image, release, simulators, bootSeconds, freeSpaceMb }, context);
      context.say(reportText(points));
      if (points.some(({ verdict }) => verdict === "broken"))
        throw new ImagesError(
          "image_broken",
          `${image} is not fit for the fleet`,
          "See what is broken above.",
        );
    });

  program
    .command("push <vm>")
    .summary("push a VM under a tag that is never moved")
    .description(
      "Pushes a VM as <repository>:<macOS>-<build>-<day>, says its digest, and gives it to a channel when one is named. Where tart is.",
    )
    .requiredOption("--to <repository>", "registry/name, without a tag")
    .requiredOption("--release <name>", "what it is, e.g. tahoe")
    .option("--suffix <word>", "behind the tag, for a second image of one day", word)
    .option("--concurrency <count>", "connections at once (default: tart's own, 4)", number)
    .option("--channel <name>", "roll it out to this channel of the control plane that `tartfleet` speaks to")
    .option("--at-once", "the channel's new VMs get it all at once; makes a channel that is not there")
    .action(async (vm: string, flags: PushFlags) => {
      const { release } = await readChoice({ ...flags, var: {} }, context);
      const { to: repository, suffix, concurrency, channel } = flags;
      const image = await push({ vm, repository, release, suffix, concurrency }, context);
      context.say(image);
      if (channel === undefined) return;
      await giveToChannel({ channel, image, how: flags.atOnce ? "set" : "rollout" }, context);
    });

  program
    .command("generate")
    .description("Writes the files of the launchd jobs anew.")
    .action(async () => {
      for (const path of await generate(context.folder)) context.say(path);
    });

  return program;
}

interface PushFlags {
  to: string;
  release: string;
  suffix?: string;
  concurrency?: number;
  channel?: string;
  atOnce?: true;
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

function number(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a number from 1 on.");
}

function word(text: string): string {
  if (/^[A-Za-z0-9_.-]{1,40}$/.test(text)) return text;
  throw new InvalidArgumentError("It must be one word of letters, digits, dots, dashes and underscores.");
}
