import { VM_STATES, isTerminal, type VmPage } from "@tartfleet/shared";
import type { Command } from "commander";
import type { Client, VmFilter } from "../../api/client.ts";
import type { Context } from "../../context.ts";
import { count } from "../../output/text.ts";
import { vmTable } from "../../output/vms.ts";
import { usageError } from "../../cli-error.ts";
import { connect, positive } from "../common.ts";
import { present, watchOption, type WatchFlags } from "../present.ts";

interface ListFlags extends WatchFlags, VmFilter {
  all?: true;
  limit?: number;
  quiet?: true;
}

/** The most that the API gives at once. */
const LONGEST_PAGE = 500;

export function addList(group: Command, context: Context): void {
  group
    .command("list")
    .summary("list VMs, newest first")
    .description("Lists VMs, newest first: those that live, unless --all or --state says otherwise.")
    .option("--all", "those that have ended, too")
    .option("--state <states>", `comma-separated: ${VM_STATES.join(", ")}`)
    .option("--host <name>", "on this host")
    .option("--job-id <id>", "for this job")
    .option("--name <name>", "with this name")
    .option("--team <name>", "of this team")
    .option("--label <key=value>", "with this label")
    .option("--limit <count>", "at most so many (default: all)", positive)
    .addOption(watchOption())
    .option("-q, --quiet", "print the ids alone")
    .action((_flags, command: Command) => list(command.optsWithGlobals<ListFlags>(), context));
}

async function list(flags: ListFlags, context: Context): Promise<void> {
  if (flags.quiet && !flags.json) {
    if (flags.watch) throw usageError("--quiet and --watch cannot both be given");
    const { vms } = await everyPage(connect(flags, context), filterOf(flags), flags.limit);
    context.out.write(vms.map(({ id }) => `${id}\n`).join(""));
    return;
  }
  const none =
    flags.all || flags.state ? "No such VMs." : "No VM lives. (--all shows those that have ended.)";
  await present(context, flags, ["vms"], async (client) => {
    const page = await everyPage(client, filterOf(flags), flags.limit);
    return {
      document: page,
      text: (style) => vmTable(page.vms, style),
      empty: page.vms.length === 0 ? none : undefined,
      remark: page.nextCursor === null ? undefined : `Only the newest ${count(page.vms.length, "VM")}.`,
    };
  });
}

function filterOf({ all, state, host, jobId, name, team, label }: ListFlags): VmFilter {
  const living = VM_STATES.filter((candidate) => !isTerminal(candidate)).join(",");
  const states = state ?? (all ? undefined : living);
  return {
    ...(states === undefined ? {} : { state: states }),
    ...(host === undefined ? {} : { host }),
    ...(jobId === undefined ? {} : { jobId }),
    ...(name === undefined ? {} : { name }),
    ...(team === undefined ? {} : { team }),
    ...(label === undefined ? {} : { label }),
  };
}

/** All pages as one; `nextCursor` is left when there are more than `limit`. */
async function everyPage(
  client: Client,
  filter: VmFilter,
  limit = Number.POSITIVE_INFINITY,
): Promise<VmPage> {
  const vms: VmPage["vms"] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await client.listVms(filter, {
      limit: Math.min(LONGEST_PAGE, limit - vms.length),
      ...(cursor === undefined ? {} : { cursor }),
    });
    vms.push(...page.vms);
    if (page.nextCursor === null || vms.length >= limit) return { vms, nextCursor: page.nextCursor };
    cursor = page.nextCursor;
  }
}
