import { validationFailure } from "../cli/failure.ts";
import type { ParsedCommand } from "../cli/spec.ts";

const softnetOptions = [
  "net-softnet-allow",
  "net-softnet-block",
  "net-softnet-expose",
  "net-softnet-control-fd",
];

/** Does this command line ask for softnet, in any of its ways? */
export const wantsSoftnet = (command: ParsedCommand): boolean =>
  command.flag("net-softnet") ||
  command.flag("net-host") ||
  softnetOptions.some((option) => command.value(option) !== undefined);

/** Combinations that `run` refuses with 64 before it looks at anything (tart-contract §2.6). */
export function checkRunFlags(command: ParsedCommand): void {
  const { flag } = command;
  if (flag("vnc") && flag("vnc-experimental"))
    throw validationFailure("--vnc and --vnc-experimental are mutually exclusive");
  const softnet = flag("net-softnet") || softnetOptions.some((option) => command.value(option) !== undefined);
  const networks = [command.values("net-bridged").length > 0, softnet, flag("net-host")];
  if (networks.filter(Boolean).length > 1)
    throw validationFailure("--net-bridged, --net-softnet and --net-host are mutually exclusive");
  if (flag("graphics") && flag("no-graphics"))
    throw validationFailure("--graphics and --no-graphics are mutually exclusive");
  if (flag("capture-system-keys") && (flag("no-graphics") || flag("vnc") || flag("vnc-experimental")))
    throw validationFailure("--captures-system-keys can only be used with the default VM view");
  const inputs = ["no-trackpad", "no-keyboard", "no-pointer"].find((option) => flag(option));
  if (flag("suspendable") && inputs !== undefined)
    throw validationFailure(`--${inputs} cannot be used with --suspendable`);
  const bridged = command.values("net-bridged").filter((name) => name !== "en0");
  if (bridged.length > 0)
    throw validationFailure(
      `no bridge interfaces matched "${JSON.stringify(bridged)}", available interfaces: en0 (or "Ethernet")`,
    );
  if (command.values("disk").some((disk) => /-amd64\.iso(:|$)/.test(disk)))
    throw validationFailure("Apple Silicon cannot run amd64 images, please use an arm64 one");
}

/** A `--dir` value: `[name:]path[:options]` (§2.6). */
interface DirectoryShare {
  name?: string;
  tag: string;
}

export function parseShare(text: string): DirectoryShare {
  const parts = text.split(":");
  const options = parts.length > 1 ? (parts.at(-1) ?? "").split(",") : [];
  const areOptions =
    options.length > 0 && options.every((option) => option === "ro" || option.startsWith("tag="));
  const rest = areOptions ? parts.slice(0, -1) : parts;
  const tag =
    options.find((option) => areOptions && option.startsWith("tag="))?.slice("tag=".length) ??
    "com.apple.virtio-fs.automount";
  const [first] = rest;
  return rest.length > 1 && first !== undefined ? { name: first, tag } : { tag };
}

/** Several shares on one tag must have names; found out late, yet exit 64. */
export function checkShares(command: ParsedCommand): void {
  const byTag = Map.groupBy(command.values("dir").map(parseShare), ({ tag }) => tag);
  for (const shares of byTag.values())
    if (shares.length > 1 && shares.some(({ name }) => name === undefined))
      throw validationFailure(
        "invalid --dir syntax: for multiple directory shares each one of them should be named",
      );
}
