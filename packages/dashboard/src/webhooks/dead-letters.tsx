import { Button, Group, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import type { DeliveryRecord } from "@tartfleet/shared";
import { useTRPC } from "../link/trpc.ts";
import { Act } from "../parts/act.tsx";
import { Answer } from "../parts/answer.tsx";
import { done, failed } from "../parts/done.ts";
import { Section } from "../parts/page.tsx";
import { Rows, type Column } from "../parts/rows.tsx";
import { countText } from "../parts/text.ts";
import { Ago } from "../parts/time.tsx";

/** Nobody reads more; `Try all again` takes the others, too. */
const MOST = 100;

/** What a webhook was not told and nobody tries to tell it any more; it can be tried again. */
export function DeadLetters({ name, dead }: { name: string; dead: number }) {
  const trpc = useTRPC();
  const deliveries = useQuery(trpc.webhooks.deliveries.queryOptions({ name, state: "dead", limit: MOST }));
  const replay = useMutation(trpc.webhooks.replay.mutationOptions());
  return (
    <Section
      title={`Not told to ${name}`}
      aside={
        <Act
          text="Try all again"
          title={`Tell ${name} what it was not told?`}
          verb="Try all again"
          act={replay}
          run={() => replay.mutateAsync({ name })}
          told={({ replayed }) => `${countText(replayed, "delivery is", "deliveries are")} tried again.`}
          button={{ "aria-label": `Try all again of ${name}` }}
        >
          <Text size="sm">
            {countText(dead, "delivery is", "deliveries are")} tried again as if they were new, with the text
            that they had. What they tell of may be long past.
          </Text>
        </Act>
      }
    >
      <Answer of={deliveries}>
        {(data) => (
          <>
            <Rows
              label={`Not told to ${name}`}
              rows={data.map((delivery) => ({ ...delivery, webhook: name }))}
              keyOf={({ id }) => id}
              columns={COLUMNS}
            />
            {dead > data.length && (
              <Text size="sm" c="dimmed">
                and {(dead - data.length).toLocaleString("en")} more
              </Text>
            )}
          </>
        )}
      </Answer>
    </Section>
  );
}

interface Row extends DeliveryRecord {
  webhook: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { head: "Happened", cell: ({ at }) => <Ago at={at} /> },
  { head: "What", cell: ({ type }) => type },
  { head: "About", cell: ({ subject }) => <span className="break">{subject}</span> },
  { head: "Tries", cell: ({ tries }) => tries, isNumber: true },
  { head: "Given up", cell: ({ deadAt }) => deadAt && <Ago at={deadAt} /> },
  { head: "Why", cell: ({ message }) => message && <span className="break">{message}</span> },
  { head: "", cell: (delivery) => <Again delivery={delivery} /> },
];

function Again({ delivery: { webhook, id, type, subject } }: { delivery: Row }) {
  const replay = useMutation(
    useTRPC().webhooks.replay.mutationOptions({
      onSuccess: () => done(`${type} of ${subject} is tried again.`),
      onError: failed,
    }),
  );
  return (
    <Group justify="end">
      <Button
        size="xs"
        variant="default"
        loading={replay.isPending}
        onClick={() => replay.mutate({ name: webhook, id })}
        aria-label={`Try again: ${type} of ${subject}`}
      >
        Try again
      </Button>
    </Group>
  );
}
