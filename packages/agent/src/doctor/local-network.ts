import { majorOf, ok, unknown, type Judgement } from "./judge.ts";
import type { Said } from "./said.ts";

const DOMAIN = "com.apple.network.local-network";

/**
 * The settings that exempt whole networks, for every program on the Mac, from macOS 15.5 on and after a restart (Apple's
 * TN3179). macOS takes those of root.
 */
export const LOCAL_NETWORK = {
  domain: DOMAIN,
  asRoot: `/var/root/Library/Preferences/${DOMAIN}`,
  keys: ["AllowedEthernetLocalNetworkAddresses", "AllowedWiFiLocalNetworkAddresses"],
  /** Where VMs are, and whatever else is private. */
  networks: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
} as const;

const CURE =
  "for kind in Ethernet WiFi; do sudo defaults write com.apple.network.local-network Allowed${kind}LocalNetworkAddresses -array 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16; done; sudo shutdown -r now";

/**
 * Whether macOS lets the agent speak to VMs by their address (peers §4 row 9). Of what may allow it only the
 * exemption of whole networks can be seen, and that only where it was written for everybody to read: the
 * permission that somebody gave at the screen is kept where no program may look.
 *
 * @param said by `defaults read com.apple.network.local-network AllowedEthernetLocalNetworkAddresses`
 */
export function judgeLocalNetwork(said: Said, macos: string | undefined, uid: number): Judgement {
  const major = majorOf(macos);
  if (major === undefined) return unknown("macOS does not say which version it is.", CURE);
  if (major < 15) return ok("macOS asks for no permission for the local network before 15.");
  if (uid === 0) return ok("root needs no permission for the local network.");
  if (said.kind === "exited" && said.code === 0 && /\b192\.168\.(0\.0\/16|64\.0\/)/.test(said.stdout)) {
    return ok("The VMs' network needs no permission.");
  }
  return unknown(
    "macOS may keep the agent from guests that are reached by ssh, which cannot be seen from here. Images with the Tart guest agent do not need it.",
    CURE,
  );
}
