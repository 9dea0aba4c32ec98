import { Autocomplete, Button, SimpleGrid, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import type { AuditRecord } from "@tartfleet/shared";
import { useTyped } from "../parts/use-typed.ts";
import { isoOf, localOf, type AuditFilter } from "./filter.ts";

const FIELDS = [
  ["actor", "Who", "token github (4k2…)"],
  ["action", "Did", "vm.create"],
  ["subject", "To", "host mac-1"],
] as const;

/** Narrows the log. The control plane compares whole texts; offered are those on the screen. */
export function FilterBar({ filter, records }: { filter: AuditFilter; records: readonly AuditRecord[] }) {
  const navigate = useNavigate({ from: "/audit" });
  const ask = (key: keyof AuditFilter) => (value: string) =>
    void navigate({
      to: "/audit",
      search: (before) => ({ ...before, [key]: value || undefined }),
      replace: true,
      resetScroll: false,
    });
  const since = useTyped(localOf(filter.since), (local) => ask("since")(isoOf(local)));
  const isOpen = ![filter.actor, filter.action, filter.subject, filter.since].some(Boolean);
  return (
    <SimpleGrid cols={{ base: 2, md: 5 }} spacing="xs" role="search" aria-label="Filter the log">
      {FIELDS.map(([key, label, example]) => (
        <Field
          key={key}
          label={label}
          example={example}
          value={filter[key] ?? ""}
          known={[...new Set(records.map((record) => record[key]))].sort()}
          ask={ask(key)}
        />
      ))}
      <TextInput
        type="datetime-local"
        label="Since"
        value={since.value}
        onChange={(event) => since.set(event.currentTarget.value)}
      />
      {!isOpen && (
        <Button
          variant="subtle"
          style={{ alignSelf: "end" }}
          onClick={() => void navigate({ to: "/audit", search: {}, replace: true, resetScroll: false })}
        >
          Show all
        </Button>
      )}
    </SimpleGrid>
  );
}

function Field({
  label,
  example,
  value,
  known,
  ask,
}: {
  label: string;
  example: string;
  value: string;
  known: string[];
  ask: (value: string) => void;
}) {
  const typed = useTyped(value, ask);
  return (
    <Autocomplete label={label} placeholder={example} data={known} value={typed.value} onChange={typed.set} />
  );
}
