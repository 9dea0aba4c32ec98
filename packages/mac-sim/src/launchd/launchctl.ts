import type { Answer, Request } from "../protocol.ts";
import { bootOut, bootstrap } from "./boot.ts";
import { Failure, noDomain, noService, usage } from "./failure.ts";
import type { Mac } from "./mac.ts";
import { listServices, printDomain, printService } from "./print.ts";
import type { Service } from "./service.ts";
import { targetOf, type Target } from "./target.ts";

type Command = (mac: Mac, words: readonly string[], request: Request) => string | Promise<string>;

const COMMANDS: Record<string, Command> = {
  bootstrap,
  bootout: bootOut,
  kickstart,
  kill,
  print,
  list,
  enable: (mac, words) => setEnabled(mac, words, true),
  disable: (mac, words) => setEnabled(mac, words, false),
  "print-disabled": printDisabled,
  setenv(mac, [name, value]) {
    if (name === undefined || value === undefined) throw usage("setenv <key> <value>");
    mac.environment[name] = value;
    return "";
  },
  unsetenv(mac, [name]) {
    if (name === undefined) throw usage("unsetenv <key>");
    delete mac.environment[name];
    return "";
  },
  getenv: (mac, [name = ""]) => (mac.environment[name] === undefined ? "" : `${mac.environment[name]}\n`),
  managername: (mac, _words, { uid }) => `${mac.domains.services(`gui/${uid}`) ? "Aqua" : "Background"}\n`,
  manageruid: (_mac, _words, { uid }) => `${uid}\n`,
};

/** Carries out one `launchctl` command line. */
export async function launchctl(mac: Mac, request: Request): Promise<Answer> {
  const [word = "", ...words] = request.argv;
  const command = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  try {
    if (!command)
      throw new Failure(64, `Unrecognized subcommand: ${word}\nUsage: launchctl <subcommand> ...`);
    return { exitCode: 0, stdout: await command(mac, words, request), stderr: "" };
  } catch (error) {
    if (error instanceof Failure) return error.answer;
    throw error;
  }
}

/** The job that a word names, and where it is. */
function find(mac: Mac, word: string | undefined, text: string): { target: Target; service: Service } {
  const target = targetOf(word ?? "");
  if (target?.label === undefined) throw usage(text);
  const services = mac.domains.services(target.domain);
  if (!services) throw noDomain(target.domain);
  const service = services.get(target.label);
  if (!service) throw noService(target);
  return { target, service };
}

async function kickstart(mac: Mac, words: readonly string[], { isTerminal }: Request): Promise<string> {
  const flags = words.filter((word) => word.startsWith("-")).join("");
  const name = words.find((word) => !word.startsWith("-"));
  const text = "kickstart [-k] [-p] <service-target>";
  if (!/^[-kp]*$/.test(flags)) throw usage(text);
  const { service } = find(mac, name, text);
  if (service.pid !== undefined) {
    // The original says nothing then, but ends with that error's number.
    if (!flags.includes("k")) throw new Failure(37, "");
    service.signal("SIGKILL");
    await service.ended();
  }
  service.start();
  if (!flags.includes("p")) return "";
  return isTerminal ? `service spawned with pid: ${service.pid ?? 0}\n` : `${service.pid ?? 0}\n`;
}

function kill(mac: Mac, [signal = "", name]: readonly string[]): string {
  const { service } = find(mac, name, "kill <signal-name|signal-number> <service-target>");
  const known = signalOf(signal);
  if (!known) throw usage("kill <signal-name|signal-number> <service-target>");
  if (!service.signal(known)) throw new Failure(3, "No process to signal.");
  return "";
}

const SIGNALS = ["HUP", "INT", "QUIT", "KILL", "USR1", "USR2", "TERM", "STOP", "CONT"] as const;
const NUMBERS: Record<string, (typeof SIGNALS)[number]> = {
  1: "HUP",
  2: "INT",
  3: "QUIT",
  9: "KILL",
  15: "TERM",
};

function signalOf(word: string): NodeJS.Signals | undefined {
  const bare = NUMBERS[word] ?? word.replace(/^SIG/, "");
  const known = SIGNALS.find((signal) => signal === bare);
  return known && `SIG${known}`;
}

function print(mac: Mac, [word = ""]: readonly string[]): string {
  const target = targetOf(word);
  if (!target) throw usage("print <domain-target> | <service-target>");
  const services = mac.domains.services(target.domain);
  if (!services) throw noDomain(target.domain);
  if (target.label === undefined) return printDomain(target.domain, services);
  return printService(target.domain, find(mac, word, "").service, mac.environment);
}

function list(mac: Mac, [label]: readonly string[], { uid }: Request): string {
  const services = mac.domains.services(uid === 0 && label === undefined ? "system" : `gui/${uid}`);
  if (label !== undefined) throw usage("list (mac-sim knows it without a label only)");
  return listServices(services ?? new Map<string, Service>());
}

function setEnabled(mac: Mac, [word = ""]: readonly string[], isEnabled: boolean): string {
  const target = targetOf(word);
  if (target?.label === undefined) throw usage(`${isEnabled ? "enable" : "disable"} <service-target>`);
  const disabled = mac.domains.disabled(target.domain);
  if (isEnabled) disabled.delete(target.label);
  else disabled.add(target.label);
  return "";
}

function printDisabled(mac: Mac, [word = ""]: readonly string[]): string {
  const target = targetOf(word);
  if (!target || target.label !== undefined) throw usage("print-disabled <domain-target>");
  const rows = [...mac.domains.disabled(target.domain)].map((label) => `\t\t"${label}" => disabled\n`);
  return `\n\tdisabled services = {\n${rows.join("")}\t}\n`;
}
