import {
  IconChartLine,
  IconDeviceDesktop,
  IconFlame,
  IconHourglass,
  IconKey,
  IconLayoutGrid,
  IconListDetails,
  IconPackage,
  IconReceipt,
  IconServer2,
  IconUsersGroup,
  IconWebhook,
  type TablerIcon,
} from "@tabler/icons-react";
import type { Act } from "../session/may.ts";

/** Where the menu leads, in its order. `act`: shown only to who may do that. */
export const PLACES: readonly { to: string; text: string; Icon: TablerIcon; act?: Act }[] = [
  { to: "/", text: "Fleet", Icon: IconLayoutGrid },
  { to: "/vms", text: "VMs", Icon: IconDeviceDesktop },
  { to: "/queue", text: "Queue", Icon: IconHourglass },
  { to: "/hosts", text: "Hosts", Icon: IconServer2 },
  { to: "/images", text: "Images", Icon: IconPackage },
  { to: "/pools", text: "Pools", Icon: IconFlame },
  { to: "/teams", text: "Teams", Icon: IconUsersGroup },
  { to: "/webhooks", text: "Webhooks", Icon: IconWebhook, act: "webhook.read" },
  { to: "/audit", text: "Audit", Icon: IconListDetails, act: "audit.read" },
  { to: "/tokens", text: "Tokens", Icon: IconKey, act: "token.manage" },
  { to: "/charts", text: "Charts", Icon: IconChartLine, act: "history.read" },
  { to: "/accounts", text: "Accounts", Icon: IconReceipt, act: "report.read" },
];
