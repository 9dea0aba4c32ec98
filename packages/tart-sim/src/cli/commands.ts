import type { Sim } from "../sim.ts";
import { flag, many, number, text } from "./option-kit.ts";
import { runOptions } from "./run-options.ts";
import type { ArgumentSpec, CommandSpec, OptionSpec, ParsedCommand } from "./spec.ts";

/** A command's body: answers its exit code, or throws a TartFailure. */
type CommandBody = (sim: Sim, command: ParsedCommand) => Promise<number>;

export interface Command {
  spec: CommandSpec;
  /**
   * Checks that come before anything else is done, storage included (class R3, and R2 for `run`).
   * Loaded with the body: only the command that was asked for is read from disk.
   */
  load: () => Promise<{ validate?: (sim: Sim, command: ParsedCommand) => void; body: CommandBody }>;
}

const name: ArgumentSpec = { name: "name", help: "VM name" };
const remoteName: ArgumentSpec = { name: "remote-name", help: "remote VM name" };
const format: OptionSpec = {
  long: "format",
  value: "format",
  choices: ["text", "json"],
  help: "Output format: text or json (default: text)",
};
const insecure: OptionSpec = {
  long: "insecure",
  help: "connect to the OCI registry via insecure HTTP protocol",
};
const concurrency: OptionSpec = {
  long: "concurrency",
  value: "concurrency",
  type: "int",
  help: "network concurrency to use when talking to the OCI registry (default: 4)",
};
const deduplicate: OptionSpec = { long: "deduplicate", hidden: true, help: "" };

/** Every subcommand, in the order `tart --help` shows them. */
export const commands: readonly Command[] = [
  {
    spec: {
      name: "create",
      abstract: "Create a VM",
      args: [name],
      options: [
        text(
          "from-ipsw",
          "path",
          'create a macOS VM using path to the IPSW file or URL (or "latest", to fetch the latest supported IPSW automatically)',
        ),
        flag("linux", "create a Linux VM"),
        number("disk-size", "disk-size", "Disk size in gigabytes (default: 50)"),
        text("disk-format", "disk-format", "Disk image format (default: raw)"),
      ],
    },
    load: () => import("../commands/create.ts"),
  },
  {
    spec: {
      name: "clone",
      abstract: "Clone a VM",
      args: [
        { name: "source-name", help: "source VM name" },
        { name: "new-name", help: "new VM name" },
      ],
      options: [
        insecure,
        concurrency,
        deduplicate,
        number("prune-limit", "n", "limit automatic pruning to n gigabytes (default: 100)"),
        flag("overwrite", "replace a VM that has this name already"),
      ],
    },
    load: () => import("../commands/clone.ts"),
  },
  {
    spec: {
      name: "run",
      abstract: "Run a VM",
      args: [name],
      options: runOptions,
    },
    load: () => import("../commands/run.ts"),
  },
  {
    spec: {
      name: "set",
      abstract: "Modify VM's configuration",
      args: [name],
      options: [
        number("cpu", "cpu", "Number of CPUs"),
        number("memory", "memory", "VM memory size in megabytes"),
        text(
          "display",
          "display",
          "VM display resolution in a format of WIDTHxHEIGHT[pt|px]. For example, 1200x800, 1200x800pt or 1920x1080px.",
        ),
        {
          long: "display-refit",
          invertible: true,
          help: "Whether to automatically reconfigure the VM's display to fit the window",
        },
        flag("random-mac", "Generate a new random MAC address for the VM."),
        flag("random-serial", "Generate a new random serial number, if this is a macOS VM."),
        text("disk", "path", "Replace the VM's disk contents with the disk contents at path."),
        number("disk-size", "disk-size", "Resize the VMs disk to the specified size in GB"),
        flag("relocate-recovery", "Relocate the recovery partition"),
      ],
    },
    load: () => import("../commands/set.ts"),
  },
  {
    spec: { name: "get", abstract: "Get a VM's configuration", args: [name], options: [format] },
    load: () => import("../commands/get.ts"),
  },
  {
    spec: {
      name: "list",
      abstract: "List created VMs",
      args: [],
      options: [
        text(
          "source",
          "source",
          "Only display VMs from the specified source (e.g. --source local, --source oci).",
        ),
        format,
        { long: "quiet", short: "q", help: "Only display VM names." },
      ],
    },
    load: () => import("../commands/list.ts"),
  },
  {
    spec: {
      name: "login",
      abstract: "Login to a registry",
      args: [{ name: "host", help: "host" }],
      options: [
        text("username", "username", "username"),
        flag("password-stdin", "password-stdin"),
        flag("insecure", "connect to the OCI registry via insecure HTTP protocol"),
        flag("no-validate", "skip validation of the registry's credentials before logging-in"),
      ],
    },
    load: () => import("../commands/login.ts"),
  },
  {
    spec: {
      name: "logout",
      abstract: "Logout from a registry",
      args: [{ name: "host", help: "host" }],
      options: [],
    },
    load: () => import("../commands/logout.ts"),
  },
  {
    spec: {
      name: "ip",
      abstract: "Get VM's IP address",
      args: [name],
      options: [
        number("wait", "wait", "Number of seconds to wait for a potential VM booting (default: 0)"),
        {
          long: "resolver",
          value: "resolver",
          choices: ["dhcp", "arp", "agent"],
          help: "Strategy for resolving IP address: dhcp, arp or agent (default: dhcp)",
        },
      ],
    },
    load: () => import("../commands/ip.ts"),
  },
  {
    spec: {
      name: "exec",
      abstract: "Execute a command in a running VM",
      args: [name, { name: "command", repeat: "passthrough", help: "Command to execute" }],
      options: [
        { long: "interactive", short: "i", help: "Attach host's standard input to a remote command" },
        { long: "tty", short: "t", help: "Allocate a remote pseudo-terminal (PTY)" },
      ],
    },
    load: () => import("../commands/exec.ts"),
  },
  {
    spec: {
      name: "pull",
      abstract: "Pull a VM from a registry",
      args: [remoteName],
      options: [insecure, concurrency, deduplicate],
    },
    load: () => import("../commands/pull.ts"),
  },
  {
    spec: {
      name: "push",
      abstract: "Push a VM to a registry",
      args: [
        { name: "local-name", help: "local or remote VM name" },
        { name: "remote-names", repeat: "all", help: "remote VM name(s)" },
      ],
      options: [
        insecure,
        concurrency,
        number(
          "chunk-size",
          "chunk-size",
          "chunk size in MB if registry supports chunked uploads (default: 0)",
        ),
        many(
          "label",
          "key=value",
          "additional metadata to attach to the OCI image configuration in key=value format",
        ),
        flag(
          "populate-cache",
          "cache pushed images locally, increases disk usage, but saves time if you're going to pull the pushed images later",
        ),
      ],
    },
    load: () => import("../commands/push.ts"),
  },
  {
    spec: {
      name: "prune",
      abstract: "Prune OCI and IPSW caches or local VMs",
      args: [],
      options: [
        {
          long: "entries",
          value: "entries",
          choices: ["caches", "vms"],
          help: 'Entries to remove: "caches" targets OCI and IPSW caches and "vms" targets local VMs (default: caches)',
        },
        number("older-than", "n", "Remove entries that were last accessed more than n days ago"),
        number(
          "space-budget",
          "n",
          "Remove the least recently used entries that do not fit the specified space size budget n, expressed in gigabytes",
        ),
        { long: "cache-budget", value: "n", type: "int", hidden: true, help: "" },
        { long: "gc", hidden: true, help: "" },
      ],
    },
    load: () => import("../commands/prune.ts"),
  },
  {
    spec: {
      name: "rename",
      abstract: "Rename a local VM",
      args: [name, { name: "new-name", help: "new VM name" }],
      options: [],
    },
    load: () => import("../commands/rename.ts"),
  },
  {
    spec: {
      name: "stop",
      abstract: "Stop a VM",
      args: [name],
      options: [
        {
          long: "timeout",
          short: "t",
          value: "timeout",
          type: "int",
          help: "Seconds to wait for graceful termination before forcefully terminating the VM (default: 30)",
        },
      ],
    },
    load: () => import("../commands/stop.ts"),
  },
  {
    spec: { name: "delete", abstract: "Delete a VM", args: [{ ...name, repeat: "all" }], options: [] },
    load: () => import("../commands/delete.ts"),
  },
  {
    spec: { name: "fqn", abstract: "Get a fully-qualified VM name", hidden: true, args: [name], options: [] },
    load: () => import("../commands/fqn.ts"),
  },
  {
    spec: { name: "suspend", abstract: "Suspend a VM", args: [name], options: [] },
    load: () => import("../commands/suspend.ts"),
  },
];
