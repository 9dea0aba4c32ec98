import { Group, Progress, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { TeamRecord } from "@tartfleet/shared";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { PageLink } from "../parts/links.tsx";
import { Empty, Page } from "../parts/page.tsx";
import { Rows, type Column } from "../parts/rows.tsx";
import { useMay } from "../session/use-session.ts";
import { RemoveShare, SetShare } from "./team-acts.tsx";

/** What each team may have of the fleet, what it has, and what waits. */
export function TeamsPage() {
  const trpc = useTRPC();
  const teams = useQuery(trpc.teams.list.queryOptions());
  const mayManage = useMay("team.manage");
  return (
    <Page title="Teams" aside={mayManage && <SetShare />}>
      <Text c="dimmed" size="sm">
        Slots that are guaranteed to a team are its own before anybody borrows; what nobody is guaranteed is
        shared by weight. No team holds more than its cap.
      </Text>
      <Answer of={teams}>
        {(data) =>
          data.length === 0 ? (
            <Empty title="No team has asked for a VM yet">
              A team is there with its first token, VM or share.
            </Empty>
          ) : (
            <Rows
              label="Teams"
              rows={data}
              keyOf={({ name }) => name}
              columns={mayManage ? [...COLUMNS, ACTS] : COLUMNS}
            />
          )
        }
      </Answer>
    </Page>
  );
}

const COLUMNS: readonly Column<TeamRecord>[] = [
  {
    head: "Team",
    cell: ({ name, isSet }) => (
      <>
        <PageLink to="/vms" search={{ team: name }} className="break">
          {name}
        </PageLink>
        {!isSet && (
          <Text size="xs" c="dimmed">
            as any team
          </Text>
        )}
      </>
    ),
  },
  { head: "Holds", cell: (team) => <Holds team={team} /> },
  { head: "Waiting", cell: ({ queued }) => queued.toLocaleString("en"), isNumber: true },
  { head: "Guaranteed", cell: ({ guaranteed }) => guaranteed.toLocaleString("en"), isNumber: true },
  { head: "Cap", cell: ({ cap }) => cap?.toLocaleString("en") ?? "none", isNumber: true },
  { head: "Weight", cell: ({ weight }) => weight.toLocaleString("en"), isNumber: true },
];

const ACTS: Column<TeamRecord> = {
  head: "",
  cell: (team) => (
    <Group gap="xs" wrap="nowrap">
      <SetShare team={team} />
      {team.isSet && <RemoveShare team={team} />}
    </Group>
  ),
};

/** Slots, against those that are its own and those that it may have at most. */
function Holds({ team: { name, held, guaranteed, cap } }: { team: TeamRecord }) {
  const most = Math.max(1, cap ?? 0, guaranteed, held);
  const own = Math.min(held, guaranteed);
  const borrowed = held - own;
  return (
    <div>
      <Text size="sm" className="numbers">
        {held.toLocaleString("en")} {held === 1 ? "slot" : "slots"}
        {borrowed > 0 && guaranteed > 0 && `, ${borrowed} borrowed`}
        {cap !== null && held >= cap && ", as many as it may"}
      </Text>
      <Progress.Root w={140} size="sm" role="img" aria-label={`${name} holds ${held} of ${most}`}>
        <Progress.Section value={(100 * own) / most} color="blue" withAria={false} />
        <Progress.Section value={(100 * borrowed) / most} color="cyan" withAria={false} />
      </Progress.Root>
    </div>
  );
}
