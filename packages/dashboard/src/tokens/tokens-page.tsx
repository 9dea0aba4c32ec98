import { Badge, Button, Group, Switch, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { TokenRecord } from "@tartfleet/shared";
import { useState } from "react";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { useNow } from "../parts/clock.ts";
import { Empty, Page } from "../parts/page.tsx";
import { Rows, type Column } from "../parts/rows.tsx";
import { countText, labelTexts } from "../parts/text.ts";
import { Ago } from "../parts/time.tsx";
import { CreateModal } from "./create-modal.tsx";
import { standingOf } from "./standing.ts";
import { RevokeModal, RotateModal } from "./token-modals.tsx";

/** Who may call the control plane, as whom, until when. */
export function TokensPage() {
  const tokens = useQuery(useTRPC().tokens.list.queryOptions());
  const [isNew, setNew] = useState(false);
  return (
    <Page title="Tokens" aside={<Button onClick={() => setNew(true)}>New token</Button>}>
      <Answer of={tokens}>{(data) => <Tokens tokens={data} />}</Answer>
      {isNew && <CreateModal close={() => setNew(false)} />}
    </Page>
  );
}

interface Row {
  token: TokenRecord;
  standing: ReturnType<typeof standingOf>;
}

const COLUMNS: readonly Column<Row>[] = [
  {
    head: "Name",
    cell: ({ token: { name, id } }) => (
      <>
        <span className="break">{name}</span>
        <Text size="xs" c="dimmed">
          {id}
        </Text>
      </>
    ),
  },
  { head: "Role", cell: ({ token }) => <Role token={token} /> },
  { head: "Team", cell: ({ token: { team } }) => team ?? "the whole fleet" },
  {
    head: "State",
    cell: ({ standing }) => (
      <Badge variant="light" miw="max-content" color={standing === "valid" ? "green" : "gray"}>
        {standing}
      </Badge>
    ),
  },
  {
    head: "Last used",
    cell: ({ token: { lastUsedAt } }) => (lastUsedAt === null ? "never" : <Ago at={lastUsedAt} />),
  },
  { head: "Expires", cell: ({ token }) => <Expiry token={token} /> },
  { head: "Created", cell: ({ token: { createdAt } }) => <Ago at={createdAt} /> },
  {
    head: "",
    cell: ({ token, standing }) => (standing === "valid" ? <TokenActs token={token} /> : null),
  },
];

function Tokens({ tokens }: { tokens: readonly TokenRecord[] }) {
  const { show } = useSearch({ from: "/tokens" });
  const navigate = useNavigate({ from: "/tokens" });
  const minute = useNow(60_000);
  const rows = tokens.map((token) => ({ token, standing: standingOf(token, minute) }));
  const valid = rows.filter(({ standing }) => standing === "valid");
  const ended = rows.length - valid.length;
  const shown = show === "ended" ? rows : valid;
  return (
    <>
      {ended > 0 && (
        <Switch
          label={`Also ${countText(ended, "token that does", "tokens that do")} not work any more`}
          checked={show === "ended"}
          onChange={(event) =>
            void navigate({
              to: "/tokens",
              search: event.currentTarget.checked ? { show: "ended" } : {},
              replace: true,
            })
          }
        />
      )}
      {shown.length === 0 ? (
        <Empty title="No token works" />
      ) : (
        <Rows
          label="Tokens"
          rows={shown}
          keyOf={({ token }) => token.id}
          toneOf={({ standing }) => (standing === "valid" ? undefined : "dim")}
          columns={COLUMNS}
        />
      )}
    </>
  );
}

function Role({ token: { role, enrolment } }: { token: TokenRecord }) {
  return (
    <>
      <Badge variant="default">{role}</Badge>
      {enrolment && (
        <Text size="xs" c="dimmed">
          {enrolment.uses} of {enrolment.maxUses ?? "unlimited"} uses
          {Object.keys(enrolment.hostLabels).length > 0 && `; ${labelTexts(enrolment.hostLabels).join(", ")}`}
        </Text>
      )}
    </>
  );
}

function Expiry({ token: { expiresAt, previousUntil } }: { token: TokenRecord }) {
  return (
    <>
      {expiresAt === null ? "never" : <Ago at={expiresAt} />}
      {previousUntil !== null && (
        <Text size="xs" c="dimmed">
          the secret before: <Ago at={previousUntil} />
        </Text>
      )}
    </>
  );
}

/** A new secret for a token, and its end. */
function TokenActs({ token }: { token: TokenRecord }) {
  const [asking, setAsking] = useState<"rotate" | "revoke" | null>(null);
  const close = () => setAsking(null);
  const { name } = token;
  return (
    <Group gap="xs" wrap="nowrap">
      <Button size="xs" variant="default" aria-label={`Rotate ${name}`} onClick={() => setAsking("rotate")}>
        Rotate
      </Button>
      <Button
        size="xs"
        variant="outline"
        color="red"
        aria-label={`Revoke ${name}`}
        onClick={() => setAsking("revoke")}
      >
        Revoke
      </Button>
      {asking === "rotate" && <RotateModal token={token} close={close} />}
      {asking === "revoke" && <RevokeModal token={token} close={close} />}
    </Group>
  );
}
