import { Alert, Text } from "@mantine/core";
import { IconBarrierBlock } from "@tabler/icons-react";
import type { CordonRecord } from "@tartfleet/shared";
import { countText } from "../parts/text.ts";
import { Ago } from "../parts/time.tsx";

/** That a host gets nothing new: who wants it so, why, until when. */
export function CordonAlert({
  cordon: { by, reason, since, until, drain, breaker },
}: {
  cordon: CordonRecord;
}) {
  return (
    <Alert
      color={breaker ? "red" : "yellow"}
      icon={<IconBarrierBlock aria-hidden />}
      title={
        breaker
          ? "Closed by the control plane because VMs fail here"
          : drain
            ? "It is drained"
            : "It is cordoned"
      }
    >
      <Text size="sm" className="break">
        {reason}
      </Text>
      <Text size="sm" c="dimmed">
        By {by}, <Ago at={since} />
        {until !== null && (
          <>
            ; it ends by itself <Ago at={until} />
          </>
        )}
        .
      </Text>
      {drain && (
        <Text size="sm">
          {drain.isDone ? (
            "Nothing of the fleet runs there any more."
          ) : (
            <>
              Its VMs have until <Ago at={drain.deadlineAt} />;{" "}
              {drain.endVms ? "those that are left then are ended." : "none is ended for it."}
              {drain.isOverdue && " That time is over and VMs are left."}
            </>
          )}
        </Text>
      )}
      {breaker && (
        <Text size="sm">
          It has failed {countText(breaker.trips, "time")} in a row.{" "}
          {breaker.isProbing ? (
            "The next VM that fits decides whether it is sound."
          ) : (
            <>
              It is tried again <Ago at={breaker.probeAt} />; to try it at once, open it.
            </>
          )}
        </Text>
      )}
    </Alert>
  );
}
