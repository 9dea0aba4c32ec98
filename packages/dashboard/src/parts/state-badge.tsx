import { Badge } from "@mantine/core";
import type { VmSummary } from "@tartfleet/shared";
import { colorOf, hasEnded, pullText } from "./vm-words.ts";

/** A VM's state with what matters most about it now: how far its pull is, that its host is silent. */
export function StateBadge({ vm, size = "md" }: { vm: VmSummary; size?: "md" | "lg" }) {
  const pull = pullText(vm);
  const isSilent = vm.unreachableSince !== null && !hasEnded(vm.state);
  return (
    <Badge color={colorOf(vm.state)} variant="light" size={size}>
      {vm.state}
      {pull !== null && ` ${pull}`}
      {isSilent && ", host silent"}
    </Badge>
  );
}
