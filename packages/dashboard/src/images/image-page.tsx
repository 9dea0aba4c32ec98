import { Badge, Group, List, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { ImageRecord } from "@tartfleet/shared";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { PageLink } from "../parts/links.tsx";
import { Empty, Page, Section } from "../parts/page.tsx";
import { Rows } from "../parts/rows.tsx";
import { countText, imageText } from "../parts/text.ts";
import { Attempts } from "../attempts/attempts.tsx";
import { PhasesBar } from "./phases-bar.tsx";
import { Pulls } from "./pulls.tsx";
import { secondsToComeUp, slownessOf } from "./slowness.ts";
import { PHASE_WORDS, secondsText, shortDigest, slownessText } from "./words.ts";

/** One image: on which hosts, how VMs come up with it, and what became of the newest. */
export function ImagePage() {
  const { reference } = useParams({ from: "/images/$reference" });
  const trpc = useTRPC();
  const images = useQuery(trpc.images.list.queryOptions());
  return (
    <Page
      title={imageText(reference)}
      aside={
        <PageLink to="/images" size="sm">
          All images
        </PageLink>
      }
    >
      <Text c="dimmed" className="break">
        {reference}
      </Text>
      <Answer of={images}>{(all) => <Facts reference={reference} all={all} />}</Answer>
      <Attempts of={{ image: reference }} />
    </Page>
  );
}

function Facts({ reference, all }: { reference: string; all: readonly ImageRecord[] }) {
  const image = all.find((one) => one.reference === reference);
  if (!image) return <Empty title="No host has it under this name, and none fetches it" />;
  const slowness = slownessOf(image, all);
  return (
    <>
      {image.pulling.length > 0 && (
        <Section title="Being fetched">
          <Pulls pulls={image.pulling} />
        </Section>
      )}
      <Section title="Coming up">
        <Stack gap="sm">
          {slowness && <Text fw={600}>Slow: {slownessText(slowness)}.</Text>}
          <PhasesBar
            times={image.times}
            mostSeconds={Math.max(...all.map(({ times }) => secondsToComeUp(times)))}
          />
          {image.times.length > 0 && (
            <Rows
              label="Times by phase"
              isNarrow
              rows={image.times}
              keyOf={({ phase }) => phase}
              columns={[
                { head: "Phase", cell: ({ phase }) => PHASE_WORDS[phase] },
                { head: "Half of all", cell: ({ p50Seconds }) => secondsText(p50Seconds), isNumber: true },
                { head: "95 of 100", cell: ({ p95Seconds }) => secondsText(p95Seconds), isNumber: true },
                { head: "Measured", cell: ({ count }) => count.toLocaleString("en"), isNumber: true },
              ]}
            />
          )}
        </Stack>
      </Section>
      <Section
        title="On hosts"
        aside={
          <Text size="sm" c="dimmed" className="numbers">
            {countText(image.hosts, "host")}, {image.sizeGiB.toFixed(1)} GiB
          </Text>
        }
      >
        {image.isMixed && (
          <Text size="sm">
            The name stands for different images: its tag was moved since some hosts fetched it. A VM that
            asks for it by digest gets the same everywhere.
          </Text>
        )}
        <List listStyleType="none" spacing="xs">
          {image.digests.map(({ digest, hosts }) => (
            <List.Item key={digest}>
              <Group gap="xs">
                <Badge variant="default" title={digest ?? undefined}>
                  {digest === null ? "digest not known" : shortDigest(digest)}
                </Badge>
                <Hosts names={hosts} />
              </Group>
            </List.Item>
          ))}
        </List>
      </Section>
    </>
  );
}

const MOST_NAMED = 24;

function Hosts({ names }: { names: readonly string[] }) {
  return (
    <Text size="sm">
      {names.slice(0, MOST_NAMED).map((name, at) => (
        <span key={name}>
          {at > 0 && ", "}
          <PageLink to="/hosts/$name" params={{ name: name }}>
            {name}
          </PageLink>
        </span>
      ))}
      {names.length > MOST_NAMED && ` and ${names.length - MOST_NAMED} more`}
    </Text>
  );
}
