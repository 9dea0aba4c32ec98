import { Badge, Code, Table, Text } from "@mantine/core";
import type { AuditRecord } from "@tartfleet/shared";
import { At } from "../parts/time.tsx";

/** Rows of the audit log. */
export function Acts({ records }: { records: readonly AuditRecord[] }) {
  return (
    <Table.ScrollContainer minWidth={860} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table aria-label="Acts" verticalSpacing={6} layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={200}>When</Table.Th>
            <Table.Th w={190}>Who</Table.Th>
            <Table.Th>Did</Table.Th>
            <Table.Th w={210}>To</Table.Th>
            <Table.Th w={120}>From</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {records.map((act) => (
            <Row key={act.seq} act={act} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Row({ act: { seq, at, actor, action, outcome, subject, address, details } }: { act: AuditRecord }) {
  const facts = Object.entries(details).map(([name, value]) => `${name}: ${value}`);
  return (
    <Table.Tr className="top">
      <Table.Td>
        <At at={at} />
        <Text size="xs" c="dimmed">
          no. {seq}
        </Text>
      </Table.Td>
      <Table.Td className="break">{actor}</Table.Td>
      <Table.Td>
        {action}{" "}
        {outcome === "refused" && (
          <Badge color="red" variant="light">
            refused
          </Badge>
        )}
        {facts.length > 0 && (
          <div>
            <Code className="break">{facts.join(", ")}</Code>
          </div>
        )}
      </Table.Td>
      <Table.Td className="break">{subject}</Table.Td>
      <Table.Td className="break">{address ?? "the control plane"}</Table.Td>
    </Table.Tr>
  );
}
