import { Table } from "@mantine/core";
import type { ReactNode } from "react";

/** A name and what it stands for; nothing to say: null, false or an empty text. */
export type Fact = readonly [name: string, value: ReactNode];

/** Names and what they stand for; rows without anything to say are left out. */
export function Facts({ label, rows }: { label: string; rows: readonly Fact[] }) {
  return (
    <Table aria-label={label} layout="fixed" withRowBorders={false} verticalSpacing={3} horizontalSpacing={0}>
      <Table.Tbody>
        {rows.map(
          ([name, value]) =>
            isSaid(value) && (
              <Table.Tr key={name}>
                <Table.Th scope="row" w={130} fw={400} c="dimmed" className="top">
                  {name}
                </Table.Th>
                <Table.Td className="break">{value}</Table.Td>
              </Table.Tr>
            ),
        )}
      </Table.Tbody>
    </Table>
  );
}

function isSaid(value: ReactNode): boolean {
  return value !== null && value !== undefined && value !== false && value !== "";
}
