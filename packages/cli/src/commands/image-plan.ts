import { setTimeout as sleep } from "node:timers/promises";
import type { ImagePlanRecord, Labels } from "@tartfleet/shared";
import type { Command } from "commander";
import type { Client } from "../api/client.ts";
import { CliError } from "../cli-error.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { planDetails, planTable, stateOf } from "../output/image-plans.ts";
import { withStop } from "../stop.ts";
import { connect, duration, label, note, waitingOf, reconnectOption, reply } from "./common.ts";
import type { GlobalFlags, PatienceFlags } from "./common.ts";

interface PlanFlags extends GlobalFlags {
  hostLabel?: Labels;
  reason?: string;
}

interface PrepullFlags extends PlanFlags, PatienceFlags {
  wait?: true;
  timeout?: number;
}

const LOOK_EVERY_MS = 2000;

/** That hosts are to have an image: once, or for good. */
export function addPlanCommands(group: Command, context: Context): void {
  group
    .command("prepull <image>")
    .summary("fetch an image onto hosts before VMs need it")
    .description(
      "Lets all hosts, or those with the labels, fetch an image, a few at once for each registry (the control plane's --pulls-per-registry) and after what their VMs need. It is done when every connected one has it; hosts that join before that get it, too.",
    )
    .option("--host-label <key=value>", "only on hosts with this label; repeatable", label)
    .option("--reason <text>", "why, for whoever wonders later")
    .option("--wait", "wait until it is done, and show how far it is; exit 1 when it fails")
    .option("--timeout <duration>", "with --wait: give up waiting after this (exit 6)", duration)
    .addOption(reconnectOption())
    .action(async (image: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<PrepullFlags>();
      const client = connect(flags, context, flags.wait && waitingOf(context, flags));
      const asked = await client.planImage({ kind: "prepull", image, ...wishOf(flags) });
      const plan = flags.wait ? await waitForPlan(client, asked, flags, context) : asked;
      reply(context, flags, plan, (style) => planDetails(plan, style));
    });
  group
    .command("pin <image>")
    .summary("keep an image on hosts, and fetch it where it is missing")
    .description(
      "Keeps an image on all hosts, or on those with the labels: it is fetched where it is missing, also by hosts that join later, and never removed to make room, until it is unpinned.",
    )
    .requiredOption("--reason <text>", "why, for whoever wonders later")
    .option("--host-label <key=value>", "only on hosts with this label; repeatable", label)
    .action(async (image: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<PlanFlags>();
      const plan = await connect(flags, context).planImage({ kind: "pin", image, ...wishOf(flags) });
      reply(context, flags, plan, (style) => planDetails(plan, style));
    });
  group
    .command("unpin <image>")
    .summary("end the pins of an image")
    .description(
      "Ends all pins of an image; with labels, those that were made with the same ones. Hosts keep it until it is removed to make room.",
    )
    .option("--host-label <key=value>", "only the pin of these labels; repeatable", label)
    .action(async (image: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<PlanFlags>();
      const client = connect(flags, context);
      const pins = pinsOf(await client.listImagePlans(), image, flags.hostLabel);
      if (pins.length === 0) {
        const advice = ["tartfleet image plans shows what is pinned."];
        throw new CliError(EXIT.notFound, `${image} is not pinned`, { code: "not_pinned", advice });
      }
      const plans = await Promise.all(pins.map(({ id }) => client.endImagePlan(id)));
      reply(context, flags, { plans }, (style) => planTable(plans, style));
    });
  group
    .command("plans [id]")
    .summary("show pre-pulls and pins, and how far they are")
    .description("Lists pre-pulls and pins that stand and those that ended of late; or shows one of them.")
    .action(async (id: string | undefined, _flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      const client = connect(flags, context);
      if (id !== undefined) {
        const plan = await client.getImagePlan(id);
        return reply(context, flags, plan, (style) => planDetails(plan, style));
      }
      const plans = await client.listImagePlans();
      if (plans.length === 0 && !flags.json) return note(context, "No image is pre-pulled or pinned.");
      reply(context, flags, { plans }, (style) => planTable(plans, style));
    });
  group
    .command("cancel <id>")
    .description("Ends a pre-pull or a pin. Hosts keep what they have until it is removed to make room.")
    .action(async (id: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      const plan = await connect(flags, context).endImagePlan(id);
      reply(context, flags, plan, (style) => planDetails(plan, style));
    });
}

function wishOf({ hostLabel = {}, reason }: PlanFlags) {
  return { hostLabels: hostLabel, ...(reason === undefined ? {} : { reason }) };
}

function pinsOf(plans: readonly ImagePlanRecord[], image: string, labels?: Labels): ImagePlanRecord[] {
  const named = new Set([image, `${image}:latest`]);
  return plans.filter(
    ({ kind, outcome, image: pinned, hostLabels }) =>
      kind === "pin" && outcome === null && named.has(pinned) && (!labels || isSame(labels, hostLabels)),
  );
}

function isSame(a: Labels, b: Labels): boolean {
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  return keys.length === others.length && keys.every((key) => a[key] === b[key]);
}

/** The plan when it has ended, telling each step on the way. Throws a CliError when it fails or the time runs out. */
async function waitForPlan(
  client: Client,
  asked: ImagePlanRecord,
  flags: PrepullFlags,
  context: Context,
): Promise<ImagePlanRecord> {
  let plan = asked;
  await withStop({ timeoutSeconds: flags.timeout, interrupts: false }, async ({ signal, cause }) => {
    let told = "";
    try {
      while (plan.outcome === null) {
        const state = stateOf(plan);
        if (state !== told) note(context, (told = state));
        await sleep(LOOK_EVERY_MS, undefined, { signal });
        plan = await client.getImagePlan(plan.id, { signal });
      }
    } catch (error) {
      if (cause() !== "timeout") throw error;
      const advice = [`It goes on. See it: tartfleet image plans ${plan.id}`];
      throw new CliError(EXIT.timedOut, `Not done in time: ${stateOf(plan)}`, {
        code: "timed_out",
        advice,
        document: plan,
      });
    }
  });
  if (plan.outcome === "done") return plan;
  throw new CliError(EXIT.vmFailed, `${plan.image}: ${stateOf(plan)}`, {
    code: "image_plan_failed",
    document: plan,
  });
}
