import { Badge, Group, Paper, Stack, Text } from "@mantine/core";
import { IconArrowsSplit, IconHourglassHigh } from "@tabler/icons-react";
import type { ImageRecord } from "@tartfleet/shared";
import { PageLink } from "../parts/links.tsx";
import { countText, imageText } from "../parts/text.ts";
import { PhasesBar } from "./phases-bar.tsx";
import { Pulls } from "./pulls.tsx";
import type { Slowness } from "./slowness.ts";
import { slownessText } from "./words.ts";

/** An image: where it is, and what it is like to come up with it. */
export function ImageCard({
  image,
  slowness,
  mostSeconds,
}: {
  image: ImageRecord;
  slowness: Slowness | null;
  mostSeconds: number;
}) {
  const { reference, hosts, sizeGiB, pulling, times, isMixed } = image;
  return (
    <Paper withBorder p="md" component="article" aria-label={reference}>
      <Stack gap="xs">
        <Group justify="space-between" gap="xs" align="start">
          <div>
            <PageLink to="/images/$reference" params={{ reference: reference }} fw={600} className="break">
              {imageText(reference)}
            </PageLink>
            <Text size="xs" c="dimmed" className="break">
              {reference}
            </Text>
          </div>
          <Group gap="xs">
            {slowness && (
              <Badge color="red" leftSection={<IconHourglassHigh size={12} aria-hidden />}>
                slow
              </Badge>
            )}
            {isMixed && (
              <Badge color="yellow" leftSection={<IconArrowsSplit size={12} aria-hidden />}>
                differs
              </Badge>
            )}
            <Text size="sm" className="numbers">
              on {countText(hosts, "host")}
              {hosts > 0 && `, ${sizeGiB.toFixed(1)} GiB`}
            </Text>
          </Group>
        </Group>
        <PhasesBar times={times} mostSeconds={mostSeconds} />
        {slowness && (
          <Text size="sm" fw={600}>
            Slow: {slownessText(slowness)}.
          </Text>
        )}
        {pulling.length > 0 && <Pulls pulls={pulling} />}
      </Stack>
    </Paper>
  );
}
