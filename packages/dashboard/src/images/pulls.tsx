import { Group, Progress, Stack, Text } from "@mantine/core";
import type { ImageRecord } from "@tartfleet/shared";
import { PageLink } from "../parts/links.tsx";
import { progressText } from "../parts/text.ts";

/** Nobody reads more bars; the sum of the rest is told. */
const MOST = 8;

/** Hosts that fetch an image just now, and how far each is. */
export function Pulls({ pulls }: { pulls: ImageRecord["pulling"] }) {
  return (
    <Stack gap={6}>
      {pulls.slice(0, MOST).map(({ host, percent, bytes, totalBytes }) => (
        <div key={host}>
          <Group justify="space-between" gap="xs">
            <Text size="sm">
              <PageLink to="/hosts/$name" params={{ name: host }} underline="always">
                {host}
              </PageLink>{" "}
              fetches it
            </Text>
            <Text size="sm" className="numbers">
              {percent} %{totalBytes !== null && `, ${progressText(bytes, totalBytes)}`}
            </Text>
          </Group>
          <Progress value={percent} aria-label={`${host} fetches the image`} />
        </div>
      ))}
      {pulls.length > MOST && (
        <Text size="sm" c="dimmed">
          and {pulls.length - MOST} more
        </Text>
      )}
    </Stack>
  );
}
