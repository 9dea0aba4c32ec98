import { flag, many, number, text } from "./option-kit.ts";
import type { OptionSpec } from "./spec.ts";

/** The options of `tart run` (tart-contract §2.6). */
export const runOptions: readonly OptionSpec[] = [
  flag("no-graphics", "Don't open a UI window."),
  { long: "graphics", hidden: true, help: "" },
  flag("serial", "Attach a serial console to the VM (disabled by default)"),
  text("serial-path", "serial-path", "Attach an externally created serial console"),
  flag("no-audio", "Disable audio pass-through to host."),
  flag("no-clipboard", "Disable clipboard sharing between host and guest."),
  flag("recovery", "Boot into recovery mode."),
  flag("vnc", "Use screen sharing instead of the built-in UI."),
  flag("vnc-experimental", "Use Virtualization.Framework's VNC server instead of the built-in UI."),
  many(
    "disk",
    "path[:options]",
    "Additional disk attachments with an optional read-only and synchronization options",
  ),
  text("rosetta", "tag", "Attaches a Rosetta share to the guest Linux VM with a specific tag"),
  many(
    "dir",
    "[name:]path[:options]",
    "Additional directory shares with an optional read-only and mount tag options",
  ),
  flag("nested", "Enable nested virtualization if possible"),
  many(
    "net-bridged",
    "interface name",
    "Use bridged networking instead of the default shared (NAT) networking",
  ),
  flag(
    "net-softnet",
    "Use software networking provided by Softnet instead of the default shared (NAT) networking",
  ),
  text(
    "net-softnet-allow",
    "comma-separated CIDRs",
    "Comma-separated list of CIDRs to allow the traffic to when using Softnet isolation",
  ),
  text(
    "net-softnet-block",
    "comma-separated CIDRs",
    "Comma-separated list of CIDRs to block the traffic to when using Softnet isolation",
  ),
  text(
    "net-softnet-expose",
    "comma-separated port specifications",
    "Comma-separated list of TCP ports to expose",
  ),
  number("net-softnet-control-fd", "fd", "File descriptor of Softnet's control socket"),
  flag("net-host", "Restrict network access to the host-only network"),
  text(
    "root-disk-opts",
    "options",
    'Set the root disk options (e.g. --root-disk-opts="ro", --root-disk-opts="caching=cached,sync=none")',
  ),
  flag("suspendable", "Disables audio and entropy devices and switches to only Mac-specific input devices."),
  flag("capture-system-keys", "Whether system hot keys should be sent to the guest instead of the host"),
  flag("no-trackpad", "Don't add trackpad as a pointing device on macOS VMs"),
  flag("no-pointer", "Disable the pointer"),
  flag("no-keyboard", "Disable the keyboard"),
  text("provisioning-opts", "options", "Set the provisioning options"),
  flag("no-usb-accessories", "Don't add USB accessories"),
];
