import { Option, type Command } from "commander";
import type { VmRecord } from "@tartfleet/shared";
import type { Client, Goal } from "../../api/client.ts";
import { CliError } from "../../cli-error.ts";
import type { Context } from "../../context.ts";
import { DURATION_FORM } from "../../duration.ts";
import { EXIT } from "../../exit-codes.ts";
import { stateText } from "../../output/vm-words.ts";
import { withStop, type Stop } from "../../stop.ts";
import { collect, connect, duration, note, reconnectOption, reply, waitingOf } from "../common.ts";
import type { GlobalFlags, PatienceFlags } from "../common.ts";
import { fieldWithFlag, vmBody, type VmFlags } from "./body.ts";
import { readTexts, type TextFlags } from "./texts.ts";
import { watchVm } from "./watch.ts";

interface CreateFlags extends GlobalFlags, PatienceFlags, VmFlags, TextFlags {
  idempotencyKey?: string;
  quiet?: true;
  wait?: Goal;
  timeout?: number;
  deleteOnInterrupt?: true;
}

/** HTTP's. */
const TOO_MUCH = 429;

const ABOUT_SECRETS = `Secrets: arguments can be read by others in the process list (ps). Runner tokens go into
--runner-file (or - for stdin), values of the guest's environment into --env-from or, from this process's own
environment, with --env NAME.`;

export function addCreate(group: Command, context: Context): void {
  group
    .command("create")
    .summary("ask for a VM, and wait for it with --wait")
    .description(
      "Asks for a VM. It is queued, placed on a host with room, booted, and its runner is started; it deletes itself when the runner exits.",
    )
    .option("--image <reference>", "OCI image, like ghcr.io/org/image:tag, or channel:NAME")
    .option("--file <vm.json>", "the whole VM as the API takes it (- for stdin); flags win over it")
    .option("--name <name>", "a name of its own (default: made from its id)")
    .option("--job-id <id>", "the CI system's id of the job")
    .option("--os <os>", "macos or linux (default: macos)")
    .option("--cpu <count>", "CPUs (default: the image's)")
    .option("--memory-mib <MiB>", "memory (default: the image's)")
    .option("--disk-gib <GiB>", "disk (default: the image's)")
    .option("--priority <class>", "its class in the team's queue, like release, default or batch")
    .option("--host-label <key=value>", "a label that the host must carry; can be repeated", collect)
    .option(
      "--prefer-host-label <key=value>",
      "a label that the host had better carry; can be repeated",
      collect,
    )
    .option("--allow-pending", "wait also when no registered host could ever take it")
    .option("--label <key=value>", "a label of the VM, to find it again; can be repeated", collect)
    .option("--ttl <duration>", `how long it may live: ${DURATION_FORM}`)
    .option("--queue-timeout <duration>", "how long it may wait for a slot")
    .option("--hold-on-failure <duration>", "hold it for debugging when it fails (see vm hold)")
    .option("--idle-timeout <duration>", "how long its GitHub runner may wait for a job; 0s for ever")
    .option(
      "--pull-stall <duration>",
      "how long the pull of its image may stand still (default: the fleet's)",
    )
    .option("--clone-timeout <duration>", "how long cloning it may take (default: learned of the image)")
    .option("--boot-timeout <duration>", "how long its guest may take to answer (default: learned)")
    .option("--provision-timeout <duration>", "how long setting it up may take (default: learned)")
    .option("--env <NAME[=VALUE]>", "environment of its jobs; can be repeated", collect)
    // Not --env-file: node takes that for itself, wherever it stands, and loads the file into our environment.
    .option("--env-from <file>", "the same, one NAME=VALUE a line (- for stdin); can be repeated", collect)
    .option("--softnet", "isolate its network with softnet")
    .option("--softnet-allow <cidr>", "what softnet lets through; can be repeated", collect)
    .option("--softnet-block <cidr>", "what softnet blocks; can be repeated", collect)
    .option("--display <WIDTHxHEIGHT>", "its display, optionally with pt or px")
    .option("--runner-file <runner.json>", "its CI runner as the API takes it (- for stdin)")
    .option("--script <file>", "run this script as its runner (- for stdin)")
    .option("--shell <path>", "the script's shell: /bin/sh, /bin/bash or /bin/zsh (default: /bin/bash)")
    .option("--idempotency-key <key>", "the same key and VM give the same VM for as long as it lives")
    .option("-q, --quiet", "print the id alone, as soon as it is known")
    .addOption(
      new Option("--wait [goal]", "show its stages until it is ready, or with --wait=ended until its end")
        .choices(["ready", "ended"])
        .preset("ready"),
    )
    .option("--timeout <duration>", "with --wait: give up waiting after this; the VM lives on", duration)
    .option("--delete-on-interrupt", "with --wait: Ctrl-C and SIGTERM delete the VM too")
    .addOption(reconnectOption())
    .addHelpText("after", `\n${ABOUT_SECRETS}`)
    .action((_flags, command: Command) => create(command.optsWithGlobals<CreateFlags>(), context));
}

async function create(flags: CreateFlags, context: Context): Promise<void> {
  const made = vmBody(flags, await readTexts(flags, context), context.env);
  if ("mistakes" in made) {
    throw new CliError(EXIT.usage, "The VM's description is not valid", {
      code: "usage",
      fields: made.mistakes,
    });
  }
  const { body } = made;
  await withStop({ timeoutSeconds: flags.timeout, interrupts: flags.wait !== undefined }, (stop) =>
    accept(body, flags, context, stop),
  );
}

async function accept(body: unknown, flags: CreateFlags, context: Context, stop: Stop): Promise<void> {
  const client = connect(flags, context, flags.wait && waitingOf(context, flags));
  const { vm, created } = await ask(client, body, flags.idempotencyKey ?? context.uniqueId());
  const before = created ? "" : " before, with the same idempotency key";
  if (flags.quiet && !flags.json) context.out.write(`${vm.id}\n`);
  if (flags.wait === undefined) {
    if (flags.json || !flags.quiet) {
      reply(context, flags, vm, () => `VM ${vm.id} was accepted${before}; it is ${stateText(vm)}`);
    }
    return;
  }
  if (!flags.quiet) note(context, `VM ${vm.id} was accepted${before}`);
  await watchVm({ client, context, flags, goal: flags.wait, stop }, vm);
}

async function ask(client: Client, body: unknown, key: string): Promise<{ vm: VmRecord; created: boolean }> {
  try {
    return await client.createVm(body, key);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const { transient, code, status } = error.facts;
    const mayBeDone = transient && code !== "unreachable" && status !== TOO_MUCH;
    throw mayBeDone ? maybeAccepted(error, key) : withFlags(error);
  }
}

function withFlags(error: CliError): CliError {
  const { fields } = error.facts;
  if (!fields) return error;
  return new CliError(error.exit, error.message, {
    ...error.facts,
    fields: fields.map(({ path, message }) => ({ path: fieldWithFlag(path), message })),
  });
}

function maybeAccepted(error: CliError, key: string): CliError {
  return new CliError(error.exit, error.message, {
    ...error.facts,
    advice: [
      ...(error.facts.advice ?? []),
      `The VM may have been accepted all the same. With --idempotency-key ${key} the same command gives that one.`,
    ],
  });
}
