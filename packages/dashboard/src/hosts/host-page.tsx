import { Group, Paper, SimpleGrid } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { HostRecord } from "@tartfleet/shared";
import { useSyncExternalStore } from "react";
import { Attempts } from "../attempts/attempts.tsx";
import { useBoard } from "../link/linked.tsx";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { Facts, type Fact } from "../parts/facts.tsx";
import { PageLink } from "../parts/links.tsx";
import { Empty, Page, Section } from "../parts/page.tsx";
import { labelTexts } from "../parts/text.ts";
import { Ago } from "../parts/time.tsx";
import { VmTable } from "../vms/vm-table.tsx";
import { ConditionBadge } from "./condition-badge.tsx";
import { CordonAlert } from "./cordon-alert.tsx";
import { Findings } from "./findings.tsx";
import { HostActions } from "./host-actions.tsx";
import { HostImages } from "./host-images.tsx";

/** One Mac: how it is, what its doctor found, what it holds and what ran there. */
export function HostPage() {
  const { name } = useParams({ from: "/hosts/$name" });
  const trpc = useTRPC();
  const host = useQuery(trpc.hosts.get.queryOptions({ name }));
  const board = useBoard();
  const onBoard = useSyncExternalStore(
    (listener) => board.subscribeHost(name, listener),
    () => board.host(name),
  );
  return (
    <Page
      title={name}
      aside={
        <Group gap="sm">
          {onBoard && <ConditionBadge host={onBoard} size="lg" />}
          {host.data && <HostActions host={host.data} />}
        </Group>
      }
    >
      <Answer of={host}>{(data) => <Host host={data} />}</Answer>
    </Page>
  );
}

function Host({ host }: { host: HostRecord }) {
  return (
    <>
      {host.cordon && <CordonAlert cordon={host.cordon} />}
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="sm">
        <Paper withBorder p="md">
          <Facts label="The Mac" rows={ofMac(host)} />
        </Paper>
        <Paper withBorder p="md">
          <Facts label="Its place in the fleet" rows={ofPlace(host)} />
        </Paper>
      </SimpleGrid>
      <Section title="What its doctor found">
        <Findings findings={host.facts?.findings} />
      </Section>
      <Attempts of={{ host: host.name }} />
      <Section title="Its VMs, newest first">
        <Recent name={host.name} />
      </Section>
      {host.facts && (
        <Section title="Its images">
          <HostImages facts={host.facts} />
        </Section>
      )}
    </>
  );
}

function Recent({ name }: { name: string }) {
  const trpc = useTRPC();
  const vms = useQuery(trpc.vms.list.queryOptions({ host: name, limit: 20 }));
  return (
    <Answer of={vms}>
      {(page) =>
        page.vms.length === 0 ? (
          <Empty title="No VM has been here lately" />
        ) : (
          <VmTable vms={page.vms} label={`VMs of ${name}`} />
        )
      }
    </Answer>
  );
}

function ofMac({ facts, agentIsBehind, machineId }: HostRecord): Fact[] {
  if (!facts) return [["Facts", "Its agent has not connected yet."]];
  return [
    ["macOS", `${facts.osVersion}, ${facts.arch}`],
    ["Size", `${facts.cpu} CPUs, ${Math.round(facts.memoryMiB / 1024)} GiB memory`],
    ["Disk", `${facts.diskFreeGiB} of ${facts.diskTotalGiB} GiB free`],
    ["tart", facts.tartVersion],
    ["Agent", `${facts.agentVersion}${agentIsBehind ? "; older than the control plane: upgrade it" : ""}`],
    ["Machine id", machineId],
    ["Not ours", facts.foreign.length > 0 ? facts.foreign.map(({ name }) => name).join(", ") : null],
  ];
}

function ofPlace(host: HostRecord): Fact[] {
  return [
    ["Connected", host.connected ? "yes" : "no"],
    ["Silent since", host.unreachableSince && <Ago key="silent" at={host.unreachableSince} />],
    ["Last heard", host.lastSeenAt && <Ago key="seen" at={host.lastSeenAt} />],
    ["Joined", <Ago key="joined" at={host.createdAt} />],
    ["Labels", labelTexts(host.labels).join(", ") || "none"],
    ...host.slots.map(({ slot, vmId, state }): Fact => [
      `Slot ${slot}`,
      vmId === null ? (
        state
      ) : (
        <PageLink key={vmId} to="/vms/$id" params={{ id: vmId }}>
          VM {vmId}
        </PageLink>
      ),
    ]),
    ["Linux VMs", host.linuxVms.length > 0 ? host.linuxVms.length : null],
  ];
}
