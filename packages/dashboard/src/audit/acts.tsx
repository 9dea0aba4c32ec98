import { Badge, Group, Text } from "@mantine/core";
import type { AuditRecord } from "@tartfleet/shared";
import { PageLink } from "../parts/links.tsx";
import { Rows, type Column } from "../parts/rows.tsx";
import { At } from "../parts/time.tsx";
import styles from "./audit.module.css";

/** Rows of the audit log; what was refused is marked. */
export function Acts({ records }: { records: readonly AuditRecord[] }) {
  return (
    <Rows
      label="Acts"
      rows={records}
      keyOf={({ seq }) => seq}
      toneOf={({ outcome }) => (outcome === "refused" ? "bad" : undefined)}
      columns={COLUMNS}
    />
  );
}

const COLUMNS: readonly Column<AuditRecord>[] = [
  {
    head: "When",
    cell: ({ at, seq, requestId }) => (
      <>
        <span className={styles["line"]}>
          <At at={at} />
        </span>
        <Text
          size="xs"
          c="dimmed"
          className="numbers"
          {...(requestId !== null && { title: `Request ${requestId}` })}
        >
          no. {seq}
        </Text>
      </>
    ),
  },
  { head: "Who", cell: (act) => <Only act={act} of="actor" className={styles["words"] ?? ""} /> },
  {
    head: "Did",
    cell: (act) => (
      <Group gap={6}>
        <Only act={act} of="action" className={styles["line"] ?? ""} />
        {act.outcome === "refused" && <Badge color="red">refused</Badge>}
      </Group>
    ),
  },
  { head: "To", cell: (act) => <Only act={act} of="subject" className="break" /> },
  { head: "From", cell: ({ address }) => address && <span className={styles["line"]}>{address}</span> },
  { head: "Details", cell: ({ details }) => <Details details={details} /> },
];

/** Leads to the acts that have that in common. */
function Only({
  act,
  of,
  className,
}: {
  act: AuditRecord;
  of: "actor" | "action" | "subject";
  className: string;
}) {
  return (
    <PageLink
      to="/audit"
      search={(before) => ({ ...before, [of]: act[of] })}
      className={className}
      c="inherit"
      title="Only these"
    >
      {act[of]}
    </PageLink>
  );
}

/** Facts about an act: `image …/runner:16  percent 10`. */
function Details({ details }: Pick<AuditRecord, "details">) {
  const facts = Object.entries(details).filter(([, value]) => value !== null);
  if (facts.length === 0) return null;
  return (
    <dl className={styles["details"]}>
      {facts.map(([name, value]) => (
        <div key={name} className="break">
          <dt>{name}</dt> <dd>{String(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
