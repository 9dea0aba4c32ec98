import { Badge, Button, Group, Table, Text } from "@mantine/core";
import type { TokenRecord } from "@tartfleet/shared";
import { useState } from "react";
import { useNow } from "../parts/clock.ts";
import { Ago } from "../parts/time.tsx";
import { RevokeModal, RotateModal } from "./token-modals.tsx";

export function TokenRow({ token }: { token: TokenRecord }) {
  const [asking, setAsking] = useState<"rotate" | "revoke" | null>(null);
  const close = () => setAsking(null);
  const now = useNow();
  const { id, name, role, team, lastUsedAt, enrolment, previousUntil } = token;
  return (
    <Table.Tr className="top">
      <Table.Td className="break">
        {name}
        <Text size="xs" c="dimmed">
          {id}
        </Text>
      </Table.Td>
      <Table.Td>
        <Badge variant="default">{role}</Badge>
        {enrolment && (
          <Text size="xs" c="dimmed">
            {enrolment.uses} of {enrolment.maxUses ?? "any number of"} uses
          </Text>
        )}
      </Table.Td>
      <Table.Td>{team ?? "all"}</Table.Td>
      <Table.Td>{lastUsedAt === null ? "never" : <Ago at={lastUsedAt} />}</Table.Td>
      <Table.Td>
        <End token={token} />
        {previousUntil !== null && Date.parse(previousUntil) > now && (
          <Text size="xs" c="dimmed">
            the secret before: <Ago at={previousUntil} />
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        {!hasEnded(token, now) && (
          <Group gap="xs" wrap="nowrap" justify="end">
            <Button
              size="xs"
              variant="default"
              aria-label={`Rotate ${name}`}
              onClick={() => setAsking("rotate")}
            >
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
          </Group>
        )}
        {asking === "rotate" && <RotateModal token={token} close={close} />}
        {asking === "revoke" && <RevokeModal token={token} close={close} />}
      </Table.Td>
    </Table.Tr>
  );
}

function End({ token: { revokedAt, expiresAt } }: { token: TokenRecord }) {
  if (revokedAt !== null) {
    return (
      <>
        revoked <Ago at={revokedAt} />
      </>
    );
  }
  return expiresAt === null ? "never" : <Ago at={expiresAt} />;
}

function hasEnded({ revokedAt, expiresAt }: TokenRecord, now: number): boolean {
  return revokedAt !== null || (expiresAt !== null && Date.parse(expiresAt) <= now);
}
