import { Badge, Group, Stack, Text } from "@mantine/core";
import type { VmEvent } from "@tartfleet/shared";
import { Output } from "../parts/output.tsx";
import { At } from "../parts/time.tsx";
import { colorOf } from "../parts/vm-words.ts";
import { logOf } from "./life.ts";
import styles from "./history.module.css";

/** Who is believed, strongest first; a client's word is an order, not an observation. */
const RANKS: readonly VmEvent["source"][] = ["host", "guest", "hook", "ci", "timer", "control_plane"];

/** Every piece of evidence about a VM: when, who says so and how much that counts, what. Newest first. */
export function History({ events }: { events: readonly VmEvent[] }) {
  return (
    <ol className={styles["list"]} reversed>
      {events.toReversed().map((event) => (
        <li key={event.id} className={styles["entry"]}>
          <Group gap="xs" align="center">
            <Text size="sm" c="dimmed">
              <At at={event.at} clockOnly />
            </Text>
            <Badge size="sm" variant="light" color={colorOf(event.state)}>
              {event.state}
            </Badge>
            <Source source={event.source} />
            {event.attempt > 0 && (
              <Text size="xs" c="dimmed">
                attempt {event.attempt}
              </Text>
            )}
          </Group>
          <Text size="sm" className="break">
            {event.message}
          </Text>
          <Log event={event} />
        </li>
      ))}
    </ol>
  );
}

function Source({ source }: { source: VmEvent["source"] }) {
  const rank = RANKS.indexOf(source);
  const means = rank < 0 ? "an order, not an observation" : `rank ${rank + 1} of ${RANKS.length} in evidence`;
  return (
    <Text size="xs" c="dimmed" title={means}>
      {source.replace("_", " ")}
      {rank >= 0 && ` · rank ${rank + 1}`}
    </Text>
  );
}

function Log({ event }: { event: VmEvent }) {
  const log = logOf(event);
  if (log === null || log === "") return null;
  return (
    <Stack mt={4}>
      <Output title="The end of tart’s log" text={log} />
    </Stack>
  );
}
