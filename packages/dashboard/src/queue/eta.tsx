import { Text } from "@mantine/core";
import type { Explanation } from "@tartfleet/shared";
import { Ago } from "../parts/time.tsx";

/** When a VM that waits will be placed and ready, as far as anybody can tell. */
export function Eta({ waiting }: { waiting: Explanation["waiting"] }) {
  if (!waiting) return null;
  const { eta, etaUnknown } = waiting;
  if (!eta?.startP50) {
    return (
      <Text size="sm" c="dimmed">
        {etaUnknown ?? "It cannot be told yet when it starts."}
      </Text>
    );
  }
  return (
    <Text size="sm">
      Starts <Ago at={eta.startP50} /> in half of all cases
      {eta.startP90 !== null && (
        <>
          , <Ago at={eta.startP90} /> in nine of ten
        </>
      )}
      {eta.readyP50 !== null && (
        <>
          ; ready <Ago at={eta.readyP50} />
        </>
      )}
      .{eta.isExtrapolated && " It is so far back that only the queue’s speed tells."}
    </Text>
  );
}
