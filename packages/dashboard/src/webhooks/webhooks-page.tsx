import { Badge, Button, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { WebhookRecord } from "@tartfleet/shared";
import { useState } from "react";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { Empty, Page } from "../parts/page.tsx";
import { Rows, type Column } from "../parts/rows.tsx";
import { Ago } from "../parts/time.tsx";
import { DeadLetters } from "./dead-letters.tsx";
import { MakeWebhook } from "./make-webhook.tsx";
import { WebhookActs } from "./webhook-acts.tsx";

/** Who is told of what happens, and what could not be told. */
export function WebhooksPage() {
  const webhooks = useQuery(useTRPC().webhooks.list.queryOptions());
  const [isNew, setNew] = useState(false);
  return (
    <Page title="Webhooks" aside={<Button onClick={() => setNew(true)}>New webhook</Button>}>
      <Answer of={webhooks}>
        {(data) =>
          data.length === 0 ? (
            <Empty title="Nobody is told of anything">
              A webhook has a URL of yours, of a chat or of a program, told of what happens to VMs, hosts and
              channels.
            </Empty>
          ) : (
            <>
              <Rows
                label="Webhooks"
                rows={data}
                keyOf={({ name }) => name}
                toneOf={({ enabled }) => (enabled ? undefined : "dim")}
                columns={COLUMNS}
              />
              {data
                .filter(({ dead }) => dead > 0)
                .map(({ name, dead }) => (
                  <DeadLetters key={name} name={name} dead={dead} />
                ))}
            </>
          )
        }
      </Answer>
      {isNew && <MakeWebhook close={() => setNew(false)} />}
    </Page>
  );
}

const COLUMNS: readonly Column<WebhookRecord>[] = [
  {
    head: "Webhook",
    cell: ({ name, url, template }) => (
      <>
        {name}
        <Text size="xs" c="dimmed" className="break">
          {url}
          {template === "slack" && ", for Slack"}
        </Text>
      </>
    ),
  },
  {
    head: "Hears of",
    cell: ({ events, team }) => (
      <>
        <Group gap={4}>
          {events.map((event) => (
            <Badge key={event} variant="default">
              {event === "*" ? "everything" : event}
            </Badge>
          ))}
        </Group>
        {team !== null && (
          <Text size="xs" c="dimmed">
            of team {team}’s VMs alone
          </Text>
        )}
      </>
    ),
  },
  { head: "State", cell: (webhook) => <State webhook={webhook} /> },
  { head: "Waiting", cell: ({ pending }) => pending.toLocaleString("en"), isNumber: true },
  {
    head: "Dead",
    cell: ({ dead }) => (
      <Text span inherit {...(dead > 0 && { c: "red", fw: 600 })}>
        {dead.toLocaleString("en")}
      </Text>
    ),
    isNumber: true,
  },
  { head: "", cell: (webhook) => <WebhookActs webhook={webhook} /> },
];

function State({ webhook }: { webhook: WebhookRecord }) {
  const { enabled, disabledReason, lastDeliveredAt, lastFailure } = webhook;
  const isFailing = lastFailure !== null && (lastDeliveredAt === null || lastFailure.at > lastDeliveredAt);
  const [color, text] = enabled
    ? isFailing
      ? ["red", "failing"]
      : ["green", "enabled"]
    : ["gray", "disabled"];
  return (
    <>
      <Badge variant="light" color={color} miw="max-content">
        {text}
      </Badge>
      <Text size="xs" c="dimmed" className="break">
        {disabledReason}
        {disabledReason === null && isFailing && (
          <>
            <Ago at={lastFailure.at} />: {lastFailure.message}
          </>
        )}
        {disabledReason === null && !isFailing && lastDeliveredAt !== null && (
          <>
            told <Ago at={lastDeliveredAt} />
          </>
        )}
      </Text>
    </>
  );
}
