import { runtimeFailure, swiftFailure, type TartFailure } from "../cli/failure.ts";
import type { ParsedCommand } from "../cli/spec.ts";
import type { Sim } from "../sim.ts";
import { MiB, type VmConfig } from "../storage/vm-config.ts";
import { wantsSoftnet } from "./flags.ts";

/** What the framework and softnet refuse before the VM is started (tart-contract §2.6 step 5, §6.6). */
export function checkConfiguration(sim: Sim, command: ParsedCommand, config: VmConfig): void {
  if (command.flag("nested") && config.os === "darwin")
    throw runtimeFailure("macOS virtual machines do not support nested virtualization");
  checkRootDiskOptions(command.value("root-disk-opts") ?? "");
  const tooBig = config.cpuCount > sim.host.cpu || config.memorySize > sim.host.memoryMiB * MiB;
  if (tooBig)
    throw runtimeFailure(
      'Error Domain=VZErrorDomain Code=2 "Invalid virtual machine configuration. The number of CPUs or the memory size is above what this host allows." UserInfo={NSLocalizedFailure=Invalid virtual machine configuration., NSLocalizedFailureReason=The number of CPUs or the memory size is above what this host allows.}',
    );
  if (!wantsSoftnet(command)) return;
  if (sim.host.softnet === "missing" || sim.faults.has("softnet-missing"))
    throw swiftFailure('InitializationFailed(why: "softnet not found in PATH")');
}

const diskOptions: Readonly<Record<string, readonly string[]>> = {
  sync: ["none", "fsync", "full"],
  caching: ["automatic", "cached", "uncached"],
};

/** `ro`, `sync=…`, `caching=…`, comma-separated (§2.6). */
function checkRootDiskOptions(text: string): void {
  for (const option of text.split(",").filter((part) => part !== "" && part !== "ro")) {
    const [name = "", value = ""] = option.split("=");
    if (diskOptions[name]?.includes(value) !== true)
      throw runtimeFailure(`unsupported disk option: "${option}"`);
  }
}

/** Softnet starts with the VM, and ends it when it may not (§6.6). */
export function checkSoftnetRights(sim: Sim, command: ParsedCommand): void {
  if (!wantsSoftnet(command)) return;
  if (sim.host.softnet === "unprivileged" || sim.faults.has("softnet-unprivileged"))
    throw runtimeFailure(
      [
        "root privileges are required to run and passwordless sudo was not available",
        'RuntimeFailed(why: "Softnet process terminated prematurely")',
      ].join("\n"),
    );
}

/** Failures of starting that the host's condition or a fault brings (§6.4, §9). */
export function startFailure(sim: Sim, config: VmConfig): TartFailure | undefined {
  const locked = sim.host.keychain === "locked" && config.os === "darwin";
  if (locked || sim.faults.has("keychain-locked") || sim.faults.has("start-failure"))
    return runtimeFailure(
      'Error Domain=VZErrorDomain Code=1 "The virtual machine failed to start." UserInfo={NSLocalizedFailure=Internal Virtualization error., NSLocalizedFailureReason=The virtual machine failed to start.}',
    );
  if (sim.faults.has("aux-storage-locked"))
    return runtimeFailure(
      'Error Domain=VZErrorDomain Code=2 "Failed to lock auxiliary storage." UserInfo={NSLocalizedFailure=Invalid virtual machine configuration., NSLocalizedFailureReason=Failed to lock auxiliary storage., NSUnderlyingError=0x600000c8c0f0 {Error Domain=NSPOSIXErrorDomain Code=35 "Resource temporarily unavailable"}}',
    );
  return undefined;
}

/** The state stays, so every later run fails alike until `stop` drops it (§2.9). */
export const restoreFailure = (): TartFailure =>
  runtimeFailure(
    'Error Domain=VZErrorDomain Code=12 "The virtual machine failed to restore." UserInfo={NSLocalizedFailure=Failed to restore the virtual machine., NSLocalizedFailureReason=The virtual machine failed to restore with error “invalid argument”.}',
  );

/** The text of the host's limit, with what tart can see of the reason (§4.1). */
export function limitExceeded(otherNames: readonly string[]): TartFailure {
  const hint = otherNames.length === 0 ? "" : ` (other running VMs: ${otherNames.join(", ")})`;
  return runtimeFailure(`The number of VMs exceeds the system limit${hint}`);
}
