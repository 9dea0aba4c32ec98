import { Button, Group, Select, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { slotReportCsv, type SlotReport } from "@tartfleet/shared";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { useToday } from "../parts/clock.ts";
import { Empty, Page, Section } from "../parts/page.tsx";
import { Rows } from "../parts/rows.tsx";
import { useSession } from "../session/use-session.ts";
import { Bars } from "./bars.tsx";
import { drawnOf, minutesText, nameOf } from "./lines.ts";
import { BY, DAYS, DAYS_WORDS, daysOf, type AccountsView } from "./view.ts";

/** Who used the slots, and for what. */
export function AccountsPage() {
  const { days = "30d", by = "team", label } = useSearch({ from: "/accounts" });
  const trpc = useTRPC();
  const asked = by === "label" ? (label === undefined ? "team" : `label:${label}`) : by;
  const { from, to } = daysOf(days, useToday());
  const report = useQuery(trpc.reports.slotMinutes.queryOptions({ from, to, by: asked }));
  const labels = report.data?.labels ?? [];
  return (
    <Page title="Accounts" aside={<View days={days} by={by} label={label} labels={labels} />}>
      <Answer of={report}>{(data) => <Report report={data} />}</Answer>
    </Page>
  );
}

function Report({ report }: { report: SlotReport }) {
  const { lines, total, from, to, by } = report;
  if (lines.length === 0) {
    return (
      <Empty title="No slot was used in those days">
        Slots are charged from a VM’s placement until it was seen gone, to its team.
      </Empty>
    );
  }
  const kinds = drawnOf(report).kinds.map((kind) => ({
    head: kind,
    cell: ({ minutes }: SlotReport["lines"][number]) =>
      minutesText((minutes as Readonly<Record<string, number>>)[kind] ?? 0),
    isNumber: true,
  }));
  return (
    <Section
      title={`${minutesText(total.slotMinutes)} slot-minutes, ${from} to ${to}`}
      aside={
        <Button
          size="xs"
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={() => download(`slot-minutes-${from}-${to}.csv`, slotReportCsv(report))}
        >
          Download as CSV
        </Button>
      }
    >
      <Bars {...drawnOf(report)} />
      <Rows
        label="Slot-minutes"
        rows={lines}
        keyOf={nameOf}
        columns={[
          { head: by.join(", "), cell: (line) => nameOf(line) },
          { head: "slot minutes", cell: ({ slotMinutes }) => minutesText(slotMinutes), isNumber: true },
          ...kinds,
          {
            head: "waited in queue",
            cell: ({ waitingMinutes }) => minutesText(waitingMinutes),
            isNumber: true,
          },
        ]}
      />
      <Text size="sm" c="dimmed">
        Minutes, by UTC days. Waiting in the queue takes no slot and is not part of the slot-minutes. Nobody’s
        are warm VMs and what tartfleet did not start.
      </Text>
    </Section>
  );
}

function View({
  days,
  by,
  label,
  labels,
}: Required<Pick<AccountsView, "days" | "by">> & { label: string | undefined; labels: readonly string[] }) {
  const navigate = useNavigate({ from: "/accounts" });
  const { team } = useSession();
  const show = (view: AccountsView) =>
    void navigate({ to: "/accounts", search: (before) => ({ ...before, ...view }), replace: true });
  const kinds = BY.filter((each) => each !== "label" && (each !== "host" || team === null));
  const data = [
    ...kinds.map((value) => ({ value: value as string, label: `By ${value}` })),
    ...labels.map((key) => ({ value: `label:${key}`, label: `By label ${key}` })),
  ];
  return (
    <Group gap="xs">
      <Select
        aria-label="Days"
        size="xs"
        w={140}
        data={DAYS.map((value) => ({ value, label: DAYS_WORDS[value] }))}
        value={days}
        allowDeselect={false}
        onChange={(value) => {
          const found = DAYS.find((each) => each === value);
          if (found) show({ days: found });
        }}
      />
      <Select
        aria-label="Lines by"
        size="xs"
        w={160}
        data={data}
        value={by === "label" ? `label:${label ?? ""}` : by}
        allowDeselect={false}
        onChange={(value) => {
          const found = BY.find((each) => each === value);
          if (found) show({ by: found });
          else if (value?.startsWith("label:")) show({ by: "label", label: value.slice("label:".length) });
        }}
      />
    </Group>
  );
}

/** Gives the browser a file that was made here. */
function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
