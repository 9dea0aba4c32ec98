import type { BoardHost, BoardSlot } from "@tartfleet/shared";
import { countText, imageText } from "../parts/text.ts";
import { lookOf } from "./filter.ts";
import { LOOK_WORDS } from "./looks.ts";

/** What is the matter with a host, the worst alone, in one sign. */
export function markOf(host: BoardHost): { mark: "bad" | "watch"; sign: string } | undefined {
  if (host.condition === "unreachable") return { mark: "bad", sign: "silent" };
  if (host.by === "breaker") return { mark: "bad", sign: "closed" };
  if (host.errors > 0) return { mark: "bad", sign: "!" };
  if (host.condition !== "open") return { mark: "watch", sign: host.condition };
  return host.warnings > 0 ? { mark: "watch", sign: "!" } : undefined;
}

/** All of it, in sentences. */
export function hostText(host: BoardHost): string {
  return [
    host.name,
    host.condition === "open" ? undefined : host.condition,
    host.by === "breaker" ? "closed by the control plane because VMs failed there" : undefined,
    host.reason ?? undefined,
    host.errors > 0 ? `the doctor found ${countText(host.errors, "error")}` : undefined,
    host.warnings > 0 ? `the doctor found ${countText(host.warnings, "warning")}` : undefined,
    host.agentIsBehind ? "its agent is older than the control plane" : undefined,
    host.linuxVms > 0 ? countText(host.linuxVms, "Linux VM") : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(", ");
}

/** What a slot's cell says where there is room for it. */
export function slotWords(slot: BoardSlot): { what: string; more?: string } {
  const { vm } = slot;
  if (!vm) return { what: LOOK_WORDS[lookOf(slot)].word };
  return { what: vm.name, more: `${vm.state} · ${imageText(vm.image)}` };
}

/** The same with all that is known of it. */
export function slotText(host: string, slot: BoardSlot): string {
  const { word, means } = LOOK_WORDS[lookOf(slot)];
  const { vm } = slot;
  const where = `${host} slot ${slot.slot}`;
  if (!vm) return `${where}: ${word}; ${means}`;
  const { what, more } = slotWords(slot);
  return `${where}: ${what} ${more}; ${word}${vm.team === "" ? "" : `, team ${vm.team}`}`;
}
