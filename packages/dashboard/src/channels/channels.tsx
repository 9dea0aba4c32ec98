import { SimpleGrid } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ImageRecord } from "@tartfleet/shared";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { Empty, Section } from "../parts/page.tsx";
import { useMay } from "../session/use-session.ts";
import { SetChannel } from "./channel-acts.tsx";
import { ChannelCard } from "./channel-card.tsx";

/** Names that stand for an image, and what each is being moved to. */
export function Channels({ images }: { images: readonly ImageRecord[] }) {
  const trpc = useTRPC();
  const channels = useQuery(trpc.channels.list.queryOptions());
  const mayManage = useMay("channel.manage");
  const known = images.map(({ reference }) => reference);
  return (
    <Section title="Channels" aside={mayManage && <SetChannel known={known} />}>
      <Answer of={channels}>
        {(data) =>
          data.length === 0 ? (
            <Empty title="There is no channel">
              A channel is a name for an image that VMs ask for, like channel:stable. A new image is rolled
              out to it step by step, and back by itself when VMs do worse with it.
            </Empty>
          ) : (
            <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="sm" style={{ alignItems: "start" }}>
              {data.map((channel) => (
                <ChannelCard key={channel.name} channel={channel} images={images} />
              ))}
            </SimpleGrid>
          )
        }
      </Answer>
    </Section>
  );
}
