import { Command } from "commander";
import { addAuditCommands } from "./commands/audit.ts";
import { addCapacityCommand } from "./commands/capacity.ts";
import { addChannelCommands } from "./commands/channel.ts";
import { addCompletionCommands } from "./commands/completion.ts";
import { addPoolCommands } from "./commands/pool.ts";
import { addHistoryCommand } from "./commands/history.ts";
import { addHostCommands } from "./commands/host.ts";
import { addImageCommands } from "./commands/image.ts";
import { addLoginCommand } from "./commands/login.ts";
import { addReportCommand } from "./commands/report.ts";
import { addQueueCommand } from "./commands/queue.ts";
import { addTeamCommands } from "./commands/team.ts";
import { addTokenCommands } from "./commands/token.ts";
import { addTopCommand } from "./commands/top.ts";
import { addVmCommands } from "./commands/vm.ts";
import { addWebhookCommands } from "./commands/webhook.ts";
import type { Context } from "./context.ts";
import { EXIT_CODE_HELP } from "./exit-codes.ts";

const CONNECTION_HELP = `Where to and as whom:
  Flags win over TARTFLEET_URL, TARTFLEET_TOKEN, TARTFLEET_TOKEN_FILE, TARTFLEET_CA_FILE and
  TARTFLEET_INSECURE, and these over the config file
  (~/.config/tartfleet/config.json, mode 0600; \`tartfleet login\` writes it). --token can be read by others
  in the process list (ps); a file or a variable cannot.`;

/** The command line as a whole. Actions throw CliErrors; commander's own errors are thrown, too. */
export function makeProgram(context: Context, version: string): Command {
  const program = new Command("tartfleet")
    .description("People's face on a tartfleet control plane: macOS VMs for CI, on hosts that run Tart.")
    .version(version)
    .option("--url <url>", "the control plane's URL (default: http://127.0.0.1:7337)")
    .option("--token-file <file>", "file that holds the token")
    .option("--token <token>", "the token itself (seen by others in ps; prefer a file or TARTFLEET_TOKEN)")
    .option(
      "--ca-file <file>",
      "PEM of the authority that signed its certificate (not needed with a pinned token)",
    )
    .option("--insecure", "send the token in plain text to another machine (http://)")
    .option("--json", "one JSON document on stdout; JSON lines for followed events")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: context.out.write, writeErr: context.err.write })
    .showHelpAfterError("(--help tells more)")
    .exitOverride()
    .addHelpText("after", `\n${CONNECTION_HELP}`)
    .addHelpText("afterAll", `\n${EXIT_CODE_HELP}`);
  addVmCommands(program, context);
  addHostCommands(program, context);
  addTopCommand(program, context);
  addQueueCommand(program, context);
  addCapacityCommand(program, context);
  addImageCommands(program, context);
  addChannelCommands(program, context);
  addPoolCommands(program, context);
  addTeamCommands(program, context);
  addTokenCommands(program, context);
  addHistoryCommand(program, context);
  addWebhookCommands(program, context);
  addReportCommand(program, context);
  addAuditCommands(program, context);
  addLoginCommand(program, context);
  addCompletionCommands(program, context);
  return program;
}
