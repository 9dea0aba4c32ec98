import { SimpleGrid, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ImageRecord } from "@tartfleet/shared";
import { Channels } from "../channels/channels.tsx";
import { VerdictBanner } from "../fleet/verdict-banner.tsx";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { Empty, Page, Section } from "../parts/page.tsx";
import { useMay } from "../session/use-session.ts";
import { concernsOf } from "./concerns.ts";
import { ImageCard } from "./image-card.tsx";
import { Plans } from "./plans.tsx";
import { Prune } from "./prune.tsx";
import { secondsToComeUp, slownessOf } from "./slowness.ts";

/** What hosts have, what it is like to work with it, and what is to come. */
export function ImagesPage() {
  const trpc = useTRPC();
  const images = useQuery(trpc.images.list.queryOptions());
  const mayManage = useMay("image.manage");
  return (
    <Page title="Images" aside={mayManage && <Prune />}>
      <Answer of={images}>
        {(data) =>
          data.length === 0 ? (
            <Empty title="No host has told of an image yet">
              A host fetches an image when its first VM needs it, or beforehand when it is pre-pulled.
            </Empty>
          ) : (
            <Images images={data} />
          )
        }
      </Answer>
      <Channels images={images.data ?? []} />
      <Plans images={images.data ?? []} />
    </Page>
  );
}

function Images({ images }: { images: readonly ImageRecord[] }) {
  const mostSeconds = Math.max(...images.map(({ times }) => secondsToComeUp(times)));
  const verdict = concernsOf(images);
  return (
    <Stack gap="lg">
      {verdict && <VerdictBanner verdict={verdict} />}
      <Section title="On hosts">
        <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="sm">
          {images.map((image) => (
            <ImageCard
              key={image.reference}
              image={image}
              slowness={slownessOf(image, images)}
              mostSeconds={mostSeconds}
            />
          ))}
        </SimpleGrid>
      </Section>
    </Stack>
  );
}
