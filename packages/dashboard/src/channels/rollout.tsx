import { Progress, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ChannelRecord, ImageRecord } from "@tartfleet/shared";
import { secondsText } from "../images/words.ts";
import { useTRPC } from "../link/trpc.ts";
import { PageLink } from "../parts/links.tsx";
import { Rows, type Column } from "../parts/rows.tsx";
import { imageText } from "../parts/text.ts";
import { Lasting } from "../parts/time.tsx";
import { evidenceOf, type Evidence } from "./evidence.ts";

/** As many as the control plane goes by. */
const NEWEST = 256;

interface Compared extends Evidence {
  name: string;
  at: string;
}

const COLUMNS: readonly Column<Compared>[] = [
  { head: "Image", cell: ({ name, at }) => `${name}, ${imageText(at)}` },
  { head: "Attempts", cell: ({ attempts }) => attempts.toLocaleString("en"), isNumber: true },
  { head: "Failed", cell: (evidence) => <Failed {...evidence} />, isNumber: true },
  {
    head: "Boot p95",
    cell: ({ bootP95 }) => (bootP95 === null ? "–" : secondsText(bootP95)),
    isNumber: true,
  },
];

/** How far a roll-out is, and what speaks for and against the new image. */
export function Rollout({
  image,
  rollout,
  images,
}: {
  image: string;
  rollout: NonNullable<ChannelRecord["rollout"]>;
  images: readonly ImageRecord[];
}) {
  const trpc = useTRPC();
  const { percent, prepull, samplesPerStep, startedAt, stepAt } = rollout;
  const next = useQuery(trpc.fleet.attempts.queryOptions({ image: rollout.image, limit: NEWEST }));
  const old = useQuery(trpc.fleet.attempts.queryOptions({ image, limit: NEWEST }));
  const timesOf = (reference: string) => images.find((one) => one.reference === reference)?.times ?? [];
  const inStep = next.data && evidenceOf(next.data, [], stepAt).attempts;
  return (
    <Stack gap="xs">
      <Text size="sm" className="break">
        and {percent} of 100 new ones get{" "}
        <PageLink
          to="/images/$reference"
          params={{ reference: rollout.image }}
          underline="always"
          title={rollout.image}
        >
          {imageText(rollout.image)}
        </PageLink>
        , for <Lasting since={stepAt} />.
      </Text>
      <Progress value={percent} aria-label="New VMs that get the new image, of 100" />
      <Text size="sm">
        {prepull !== null
          ? "It begins when the channel’s hosts have fetched the image."
          : inStep !== undefined &&
            `${inStep} of ${samplesPerStep} attempts that this step must have seen. It goes on when they did no worse than with the old image, and back when they clearly did.`}
      </Text>
      {next.data && old.data && (
        <Rows
          label="The new image against the old one"
          isNarrow
          rows={[
            { name: "new", at: rollout.image, ...evidenceOf(next.data, timesOf(rollout.image), startedAt) },
            { name: "old", at: image, ...evidenceOf(old.data, timesOf(image)) },
          ]}
          keyOf={({ name }) => name}
          columns={COLUMNS}
        />
      )}
    </Stack>
  );
}

function Failed({ failed, attempts }: { failed: number; attempts: number }) {
  if (failed === 0) return "0";
  return (
    <Text span size="sm" c="red" fw={600}>
      {failed} ({Math.round((100 * failed) / attempts)} %)
    </Text>
  );
}
