import { Badge } from "@mantine/core";
import type { BoardHost } from "@tartfleet/shared";

const COLORS = { open: "green", cordoned: "yellow", draining: "violet", unreachable: "red" };

/** Whether a host takes VMs, and if not, why. */
export function ConditionBadge({
  host: { condition, by },
  size = "md",
}: {
  host: BoardHost;
  size?: "md" | "lg";
}) {
  const isBroken = by === "breaker" && condition === "cordoned";
  return (
    <Badge variant="light" size={size} color={isBroken ? "red" : COLORS[condition]}>
      {isBroken ? "closed: it fails" : condition === "unreachable" ? "silent" : condition}
    </Badge>
  );
}
