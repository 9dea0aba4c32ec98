import { Paper, SimpleGrid, Text } from "@mantine/core";
import type { BoardSummary } from "@tartfleet/shared";
import type { ReactNode } from "react";
import { HrefLink } from "../parts/links.tsx";
import { countText, durationText } from "../parts/text.ts";
import { Lasting } from "../parts/time.tsx";

/** The fleet's numbers beside its slots: who waits, how long it takes, what came of it. */
export function Figures({ summary }: { summary: BoardSummary }) {
  const { queue, wait, lastHour, silentHosts } = summary;
  return (
    <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm" component="section" aria-label="Numbers">
      <Figure name="Waiting" value={queue.depth.toLocaleString("en")}>
        {queue.oldestSince === null ? (
          "nobody waits"
        ) : (
          <HrefLink href="/queue" size="xs" underline="always">
            the oldest for <Lasting since={queue.oldestSince} />
          </HrefLink>
        )}
      </Figure>
      <Figure name="Wait for a slot" value={timeOf(wait.p50Ms)}>
        {wait.p95Ms === null
          ? "nobody was placed lately"
          : `half of all; 95 of 100 within ${durationText(wait.p95Ms)}`}
      </Figure>
      <Figure name="Ended in the last hour" value={lastHour.ended.toLocaleString("en")}>
        {lastHour.failed === 0 ? "none failed" : <Failures {...lastHour} />}
      </Figure>
      <Figure name="Silent agents" value={silentHosts.toLocaleString("en")} isBad={silentHosts > 0}>
        {silentHosts === 0 ? "all answer" : "their VMs go on unseen"}
      </Figure>
    </SimpleGrid>
  );
}

function timeOf(milliseconds: number | null): string {
  return milliseconds === null ? "–" : durationText(milliseconds);
}

function Failures({ failed, failures }: BoardSummary["lastHour"]) {
  const reasons = failures.slice(0, 3).map(({ reason, count }) => `${count} ${reason}`);
  return (
    <HrefLink href="/vms?state=failed" size="xs" underline="always" c="red" className="break">
      {countText(failed, "more failed", "more failed")}: {reasons.join(", ")}
    </HrefLink>
  );
}

function Figure({
  name,
  value,
  isBad = false,
  children,
}: {
  name: string;
  value: string;
  isBad?: boolean;
  children: ReactNode;
}) {
  return (
    <Paper withBorder p="sm">
      <Text size="sm" c="dimmed">
        {name}
      </Text>
      <Text fz={28} fw={700} lh={1.2} className="numbers" {...(isBad ? { c: "red" } : {})}>
        {value}
      </Text>
      <Text size="xs" c="dimmed" component="div">
        {children}
      </Text>
    </Paper>
  );
}
