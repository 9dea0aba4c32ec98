import { Badge, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { AttemptRecord } from "@tartfleet/shared";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { PageLink } from "../parts/links.tsx";
import { Section } from "../parts/page.tsx";
import { Rows, type Column } from "../parts/rows.tsx";
import { Ago } from "../parts/time.tsx";
import { PHASE_WORDS } from "../images/words.ts";

/** What became of the newest attempts to bring a VM up, on a host or with an image. */
export function Attempts({ of }: { of: { host: string } | { image: string } }) {
  const trpc = useTRPC();
  const attempts = useQuery(trpc.fleet.attempts.queryOptions(of));
  return (
    <Section title={"host" in of ? "Newest attempts on it" : "Newest attempts with it"}>
      <Answer of={attempts}>
        {(data) =>
          data.length === 0 ? <Text c="dimmed">There was none yet.</Text> : <Newest attempts={data} />
        }
      </Answer>
    </Section>
  );
}

const COLUMNS: readonly Column<AttemptRecord>[] = [
  { head: "When", cell: ({ at }) => <Ago at={at} /> },
  { head: "Came to", cell: (attempt) => <Verdict {...attempt} /> },
  {
    head: "VM",
    cell: ({ vmId, attempt }) =>
      vmId === null ? (
        "of another team"
      ) : (
        <>
          <PageLink to="/vms/$id" params={{ id: vmId }}>
            {vmId}
          </PageLink>
          {attempt > 1 && `, attempt ${attempt}`}
        </>
      ),
  },
  {
    head: "Host",
    cell: ({ host }) =>
      host && (
        <PageLink to="/hosts/$name" params={{ name: host }}>
          {host}
        </PageLink>
      ),
  },
];

function Newest({ attempts }: { attempts: readonly AttemptRecord[] }) {
  const ready = attempts.filter(({ verdict }) => verdict === "ready").length;
  return (
    <>
      <Text size="sm">
        {ready} of the newest {attempts.length} came up.
      </Text>
      <Rows
        label="Attempts"
        rows={attempts}
        keyOf={({ vmId, attempt, at, phase }) => `${vmId} ${attempt} ${at} ${phase}`}
        columns={COLUMNS}
      />
    </>
  );
}

function Verdict({ verdict, phase }: AttemptRecord) {
  const isReady = verdict === "ready";
  return (
    <Group gap="xs">
      <Badge variant="light" color={isReady ? "green" : "red"}>
        {verdict}
      </Badge>
      {!isReady && PHASE_WORDS[phase]}
    </Group>
  );
}
