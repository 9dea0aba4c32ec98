import { Badge, Button, Center, Group, Select, Table, Text } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { BoardHost } from "@tartfleet/shared";
import { memo, useMemo, useState } from "react";
import { useBoard } from "../link/linked.tsx";
import { PageLink } from "../parts/links.tsx";
import { Empty, Page } from "../parts/page.tsx";
import { useStore } from "../parts/store.ts";
import { countText, labelTexts } from "../parts/text.ts";
import { Ago } from "../parts/time.tsx";
import { TypedInput } from "../parts/typed-input.tsx";
import { ConditionBadge } from "./condition-badge.tsx";
import { hostsFor, TROUBLE_WORDS, TROUBLES, type HostsFilter } from "./filter.ts";

const PAGE = 100;

/** All Macs; those that somebody should look at come first. */
export function HostsPage() {
  const filter = useSearch({ from: "/hosts" });
  const hosts = useStore(useBoard().hosts);
  const those = useMemo(() => hostsFor(hosts, filter), [hosts, filter]);
  const [most, setMost] = useState(PAGE);
  return (
    <Page title="Hosts" aside={<Text c="dimmed">{countText(those.length, "Mac")}</Text>}>
      <Filter filter={filter} />
      {those.length === 0 ? (
        <Empty title={hosts.length === 0 ? "No Macs yet" : "No Mac fits"} />
      ) : (
        <Table.ScrollContainer minWidth={680} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
          <Table aria-label="Macs" highlightOnHover verticalSpacing={6}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Mac</Table.Th>
                <Table.Th>Condition</Table.Th>
                <Table.Th>Slots</Table.Th>
                <Table.Th>Doctor</Table.Th>
                <Table.Th>Labels</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {those.slice(0, most).map((host) => (
                <Row key={host.name} host={host} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {those.length > most && (
        <Center>
          <Button variant="default" onClick={() => setMost(most + PAGE)}>
            Show more
          </Button>
        </Center>
      )}
    </Page>
  );
}

/** Drawn again when its own host changes. */
const Row = memo(function Row({ host }: { host: BoardHost }) {
  const taken = host.slots.filter(({ state }) => state !== "free" && state !== "cordoned").length;
  return (
    <Table.Tr>
      <Table.Td>
        <PageLink to="/hosts/$name" params={{ name: host.name }}>
          {host.name}
        </PageLink>
      </Table.Td>
      <Table.Td>
        <ConditionBadge host={host} />
        {host.agentIsBehind && (
          <Badge ml={4} variant="light" color="yellow">
            old agent
          </Badge>
        )}
        {(host.reason !== null || host.since !== null) && (
          <Text size="xs" c="dimmed">
            {host.reason} {host.since !== null && <Ago at={host.since} />}
          </Text>
        )}
      </Table.Td>
      <Table.Td className="numbers">
        {taken} of {host.slots.length}
        {host.linuxVms > 0 && ` + ${host.linuxVms} Linux`}
      </Table.Td>
      <Table.Td>{doctorText(host)}</Table.Td>
      <Table.Td className="break">{labelTexts(host.labels).join(", ")}</Table.Td>
    </Table.Tr>
  );
});

function doctorText({ errors, warnings }: BoardHost): string {
  const found = [errors > 0 && countText(errors, "error"), warnings > 0 && countText(warnings, "warning")];
  return found.filter(Boolean).join(", ") || "well";
}

function Filter({ filter }: { filter: HostsFilter }) {
  const navigate = useNavigate({ from: "/hosts" });
  const ask = (key: keyof HostsFilter) => (value: string | null) =>
    void navigate({
      to: "/hosts",
      search: (before) => ({ ...before, [key]: value || undefined }),
      replace: true,
    });
  return (
    <Group gap="xs" role="search" aria-label="Filter the Macs">
      <Select
        aria-label="Condition"
        placeholder="all"
        data={TROUBLES.map((value) => ({ value, label: TROUBLE_WORDS[value] }))}
        value={filter.state ?? null}
        onChange={ask("state")}
        clearable
        w={240}
      />
      <TypedInput label="Name" width={140} value={filter.name ?? ""} ask={ask("name")} />
      <TypedInput label="label=value" width={140} value={filter.label ?? ""} ask={ask("label")} />
    </Group>
  );
}
