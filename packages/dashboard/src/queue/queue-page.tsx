import { Badge, Group, Paper, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { QueuePage as Queue } from "@tartfleet/shared";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { PageLink } from "../parts/links.tsx";
import { Empty, Page } from "../parts/page.tsx";
import { countText, imageText } from "../parts/text.ts";
import { Lasting } from "../parts/time.tsx";
import { Eta } from "./eta.tsx";
import { Reasons } from "./reasons.tsx";

const LINES = 100;

/** Who waits, why, and until when. */
export function QueuePage() {
  const trpc = useTRPC();
  const queue = useQuery(trpc.fleet.queue.queryOptions({ limit: LINES }));
  return (
    <Page title="Queue">
      <Answer of={queue}>
        {(data) =>
          data.total === 0 ? (
            <Empty title="Nobody waits">A VM that is asked for gets a slot at once where one is free.</Empty>
          ) : (
            <Lines queue={data} />
          )
        }
      </Answer>
    </Page>
  );
}

function Lines({ queue: { total, lines, entries } }: { queue: Queue }) {
  return (
    <Stack gap="sm">
      <Text c="dimmed">
        {countText(total, "VM")} {total === 1 ? "waits" : "wait"} in {countText(lines, "line")}: those of one
        team and class that need the same stand behind each other.
        {lines > entries.length && ` Shown are the ${entries.length} that wait longest.`}
      </Text>
      {entries.map((entry) => (
        <Line key={entry.vm.id} {...entry} />
      ))}
    </Stack>
  );
}

function Line({ vm, alike, explanation }: Queue["entries"][number]) {
  const position = explanation.waiting?.position;
  return (
    <Paper withBorder p="md" component="article" aria-label={`The line of ${vm.name}`}>
      <Stack gap="xs">
        <Group justify="space-between" gap="xs">
          <Group gap="xs">
            <PageLink to="/vms/$id" params={{ id: vm.id }} fw={600} className="break">
              {vm.name}
            </PageLink>
            {alike > 1 && <Text size="sm">and {countText(alike - 1, "more like it", "more like it")}</Text>}
          </Group>
          <Text size="sm" c="dimmed">
            for <Lasting since={vm.createdAt} />
          </Text>
        </Group>
        <Group gap="xs">
          <Badge variant="default">team {vm.team}</Badge>
          <Badge variant="default">class {vm.priority}</Badge>
          <Badge variant="default">{imageText(vm.image)}</Badge>
          {position && (
            <Text size="sm" c="dimmed">
              place {position.inClass} of {position.ofClass} in its class, {position.inTeam} of{" "}
              {position.ofTeam} in its team
            </Text>
          )}
        </Group>
        <Text>{explanation.summary}</Text>
        <Eta waiting={explanation.waiting} />
        <Reasons explanation={explanation} />
      </Stack>
    </Paper>
  );
}
