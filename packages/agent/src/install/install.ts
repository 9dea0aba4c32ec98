import { AgentStop } from "../process/exit.ts";
import { remarks, warnings } from "./advice.ts";
import { apply, lookAt } from "./apply.ts";
import { choose } from "./choose.ts";
import { factsOf, hasFileVault } from "./facts.ts";
import type { Mac } from "./mac.ts";
import { recall, remember } from "./memory.ts";
import type { InstallOptions } from "./options.ts";
import { planInstall } from "./plan.ts";
import { headline, showChanges } from "./show.ts";
import { wanted } from "./wanted.ts";

interface Install {
  mac: Mac;
  options: InstallOptions;
  /** Path of the running program's file. */
  program: string;
  say(line: string): void;
}

/**
 * Makes a Mac be a host, or says what that would change.
 *
 * @returns lines for people
 * @throws AgentStop for what is expected to go wrong
 */
export async function install({ mac, options, program, say }: Install): Promise<string[]> {
  const choice = await choose(mac, options, program);
  const facts = await factsOf(mac, choice.user);
  if (choice.password !== undefined && (await hasFileVault(mac))) {
    throw new AgentStop(
      "unfit",
      "FileVault is on: nobody is logged in by itself then. Turn it off (sudo fdesetup disable), or leave --auto-login-password-file away",
    );
  }
  const targets = wanted(choice, facts);
  const memory = await recall(mac);
  const look = await lookAt(
    mac,
    [...targets, ...memory].map(({ thing }) => thing),
  );
  const plan = planInstall(targets, memory, look);
  const advice = [
    ...(await warnings(mac, options, facts, choice.token?.reveal())),
    ...remarks(plan, choice, facts, look),
  ].map((line) => `- ${line}`);
  const count = plan.changes.length === 1 ? "1 change" : `${plan.changes.length} changes`;
  if (plan.changes.length === 0) return ["Nothing to change: this Mac is set up as asked.", ...advice];
  if (options.dryRun)
    return [showChanges(plan.changes, choice.source), "", `${count} would be made.`, ...advice];
  await remember(mac, plan.memory);
  await apply(mac, plan.changes, choice.source, (change) => say(headline(change)));
  return [
    "",
    `${count} made. tartfleet-agent doctor, as ${choice.user.name}, says what this Mac still lacks.`,
    ...advice,
  ];
}
