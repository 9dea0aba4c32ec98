import { InvalidArgumentError, type Command } from "commander";
import type { PoolRecord, PoolWindow, SetPoolInput } from "@tartfleet/shared";
import { CliError } from "../cli-error.ts";
import type { Context } from "../context.ts";
import { DURATION_FORM } from "../duration.ts";
import { EXIT } from "../exit-codes.ts";
import { poolDetails, poolTable } from "../output/pools.ts";
import { collect, connect, duration, reply, type GlobalFlags } from "./common.ts";
import { present, watchOption, type WatchFlags } from "./present.ts";
import { windowOf } from "./pool-window.ts";

interface PoolFlags extends GlobalFlags {
  image?: string;
  os?: "macos" | "linux";
  cpu?: number;
  memoryMib?: number;
  diskGib?: number;
  hostLabel?: string[];
  minIdle?: number;
  max?: number;
  maxAge?: number;
  window?: PoolWindow[];
  timeZone?: string;
  always?: true;
}

function number(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
}

function os(text: string): "macos" | "linux" {
  if (text === "macos" || text === "linux") return text;
  throw new InvalidArgumentError("It must be macos or linux.");
}

export function addPoolCommands(program: Command, context: Context): void {
  const group = program.command("pool").description("pools: VMs that are kept booted for whoever comes");
  group
    .command("list")
    .description("Lists pools with what each keeps, and how often it was of use.")
    .addOption(watchOption())
    .action(async (_flags, command: Command) => {
      const flags = command.optsWithGlobals<WatchFlags>();
      await present(context, flags, ["pools", "vms"], async (client) => {
        const pools = await client.listPools();
        return {
          document: { pools },
          text: (style) => poolTable(pools, style),
        };
      });
    });
  group
    .command("get <name>")
    .description("Shows a pool, its schedule, and why it has fewer VMs than it wants.")
    .addOption(watchOption())
    .action(async (name: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<WatchFlags>();
      await present(context, flags, ["pools", "vms"], async (client) => {
        const pool = await client.getPool(name);
        return {
          document: pool,
          text: (style) => poolDetails(pool, style),
        };
      });
    });
  group
    .command("set <name>")
    .summary("make a pool, or change it")
    .description(
      "Makes a pool, or changes it; what is not given stays as it is. Warm VMs that were made otherwise are renewed one by one.",
    )
    .option("--image <reference>", "OCI image, or channel:NAME for the image that it has just now")
    .option("--min-idle <count>", "VMs that are kept booted and free, while there is room", number)
    .option("--max <count>", "its VMs at most, those that boot or leave included", number)
    .option("--os <os>", "macos or linux (default: macos)", os)
    .option("--cpu <count>", "CPUs (default: the image's)", number)
    .option("--memory-mib <MiB>", "memory (default: the image's)", number)
    .option("--disk-gib <GiB>", "disk (default: the image's)", number)
    .option("--host-label <key=value>", "a label that its hosts must carry; can be repeated", collect)
    .option("--max-age <duration>", `when a warm VM is renewed: ${DURATION_FORM} (default: 24h)`, duration)
    .option(
      "--window <window>",
      "when it keeps VMs, like `mon-fri 07:00-19:00`, or with a number of its own `sat 10:00-16:00 1`; can be repeated",
      (text: string, before: PoolWindow[] | undefined) => [...(before ?? []), windowOf(text)],
    )
    .option("--time-zone <zone>", "of the windows, like Europe/Berlin (default: UTC)")
    .option("--always", "takes the windows away")
    .action(async (name: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<PoolFlags>();
      const client = connect(flags, context);
      const before = (await client.listPools()).find((pool) => pool.name === name);
      const pool = await client.setPool(name, bodyOf(flags, before));
      reply(context, flags, pool, (style) => poolDetails(pool, style));
    });
  group
    .command("remove <name>")
    .description("Removes a pool with its counts. Its warm VMs end.")
    .action(async (name: string, _flags, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      await connect(flags, context).removePool(name);
      reply(context, flags, { name, removed: true }, () => `Pool ${name} is removed; its warm VMs end`);
    });
}

/** What is given, over what there was. */
function bodyOf(flags: PoolFlags, before: PoolRecord | undefined): SetPoolInput {
  const image = flags.image ?? before?.image;
  const minIdle = flags.minIdle ?? before?.minIdle;
  if (image === undefined || minIdle === undefined)
    throw new CliError(EXIT.usage, "A new pool needs --image and --min-idle", { code: "usage" });
  const cpu = flags.cpu ?? before?.cpu;
  const memoryMiB = flags.memoryMib ?? before?.memoryMiB;
  const diskGiB = flags.diskGib ?? before?.diskGiB;
  // A bound that was never set goes with the number that is kept.
  const max =
    flags.max ?? (flags.minIdle === undefined && flags.window === undefined ? before?.max : undefined);
  return {
    image,
    minIdle,
    ...(max === undefined ? {} : { max }),
    ...((flags.os ?? before?.os) ? { os: flags.os ?? before?.os } : {}),
    ...(cpu == null ? {} : { cpu }),
    ...(memoryMiB == null ? {} : { memoryMiB }),
    ...(diskGiB == null ? {} : { diskGiB }),
    run: before?.run ?? {},
    hostLabels: flags.hostLabel ? labelsOf(flags.hostLabel) : (before?.hostLabels ?? {}),
    ...(flags.maxAge === undefined
      ? { maxAgeMinutes: before?.maxAgeMinutes }
      : { maxAgeMinutes: Math.ceil(flags.maxAge / 60) }),
    schedule: scheduleOf(flags, before),
  };
}

function scheduleOf(
  { window: windows, timeZone, always }: PoolFlags,
  before: PoolRecord | undefined,
): SetPoolInput["schedule"] {
  if (always) return null;
  const zone = timeZone ?? before?.schedule?.timeZone;
  const open = windows ?? before?.schedule?.windows;
  if (open === undefined) {
    if (timeZone === undefined) return null;
    throw new CliError(EXIT.usage, "--time-zone is that of windows: give --window, too", { code: "usage" });
  }
  return { ...(zone === undefined ? {} : { timeZone: zone }), windows: open };
}

function labelsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
      throw new CliError(EXIT.usage, `--host-label ${pair}: it must be key=value`, { code: "usage" });
    }),
  );
}
