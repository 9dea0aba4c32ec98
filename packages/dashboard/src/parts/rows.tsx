import { Table, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import styles from "./rows.module.css";

export interface Column<T> {
  /** Empty for the column of buttons. */
  head: string;
  /** null: there is nothing to say; on a phone the line is left out then. */
  cell: (row: T) => ReactNode;
  isNumber?: boolean;
}

/** A table; on a phone, where there is no room for columns, a card for each row. */
export function Rows<T>({
  label,
  rows,
  columns,
  keyOf,
  toneOf,
  isNarrow = false,
}: {
  /** For those who do not see what is around it. */
  label: string;
  rows: readonly T[];
  columns: readonly Column<T>[];
  keyOf: (row: T) => string | number;
  /** dim: over and done with · bad: what is looked for */
  toneOf?: (row: T) => "dim" | "bad" | undefined;
  /** Its few columns have room on a phone. */
  isNarrow?: boolean;
}) {
  // The roles are said again: what is not shown as a table is no table to a screen reader otherwise.
  return (
    <Table
      className={isNarrow ? "" : (styles["table"] ?? "")}
      aria-label={label}
      role="table"
      verticalSpacing={6}
    >
      <Table.Thead role="rowgroup">
        <Table.Tr role="row">
          {columns.map(({ head, isNumber }) => (
            <Table.Th key={head} role="columnheader" {...(isNumber && { className: styles["number"] ?? "" })}>
              {head === "" ? <VisuallyHidden>What can be done</VisuallyHidden> : head}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody role="rowgroup">
        {rows.map((row) => (
          <Table.Tr key={keyOf(row)} role="row" data-tone={toneOf?.(row)} className={styles["row"] ?? ""}>
            {columns.map(({ head, cell, isNumber }) => {
              const content = cell(row);
              return (
                <Table.Td
                  key={head}
                  role="cell"
                  valign="top"
                  data-head={head}
                  data-none={content === null || content === false || undefined}
                  {...(isNumber && { className: `${styles["number"]} numbers` })}
                >
                  <div>{content}</div>
                </Table.Td>
              );
            })}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
