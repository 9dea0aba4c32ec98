import { Alert, Group, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconHourglass } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { Explanation, VmRecord } from "@tartfleet/shared";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { Output } from "../parts/output.tsx";
import { Page, Section, Waiting } from "../parts/page.tsx";
import { StateBadge } from "../parts/state-badge.tsx";
import { hasEnded } from "../parts/vm-words.ts";
import { Eta } from "../queue/eta.tsx";
import { Reasons } from "../queue/reasons.tsx";
import { AttemptFailure } from "./attempt-failure.tsx";
import { EndVm } from "./end-vm.tsx";
import { History } from "./history.tsx";
import { Life } from "./life.tsx";
import { useVmEvents } from "./use-vm-events.ts";
import { VmFacts } from "./vm-facts.tsx";

/** What became of one VM, or becomes of it now. */
export function VmPage() {
  const { id } = useParams({ from: "/vms/$id" });
  const trpc = useTRPC();
  const vm = useQuery(trpc.vms.get.queryOptions({ id }));
  const name = vm.data?.name ?? id;
  return (
    <Page
      title={`VM ${name}`}
      heading={name}
      aside={
        vm.data && (
          <Group gap="sm">
            <StateBadge vm={vm.data} size="lg" />
            <EndVm vm={vm.data} />
          </Group>
        )
      }
    >
      <Answer of={vm}>{(data) => <Vm key={data.id} vm={data} />}</Answer>
    </Page>
  );
}

function Vm({ vm }: { vm: VmRecord }) {
  const events = useVmEvents(vm.id);
  return (
    <>
      {vm.end === null ? <Now vm={vm} /> : <End vm={vm} end={vm.end} />}
      <VmFacts vm={vm} />
      <Section title="Its life">
        {events.length === 0 ? <Waiting /> : <Life events={events} vm={vm} />}
      </Section>
      {vm.scriptResult && (
        <Section title="Its script">
          <Output
            title={`Exit code ${vm.scriptResult.exitCode ?? "unknown"}${vm.scriptResult.truncated ? "; the end of its output" : "; its output"}`}
            text={vm.scriptResult.output}
          />
        </Section>
      )}
      <Section title="What was seen, and by whom">
        <History events={events} />
      </Section>
    </>
  );
}

/** What it waits for, or is doing, in the control plane's words. */
function Now({ vm }: { vm: VmRecord }) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.vms.explain.queryOptions({ id: vm.id }));
  if (!data) return null;
  return (
    <Alert color={isSlow(data) ? "yellow" : "blue"} icon={<IconHourglass aria-hidden />} title={data.summary}>
      <Stack gap={4}>
        <Eta waiting={data.waiting} />
        <Reasons explanation={data} />
      </Stack>
    </Alert>
  );
}

/** How long a job takes is its own affair. */
function isSlow({ phase }: Explanation): boolean {
  return phase !== null && phase.isSlow && phase.phase !== "run";
}

function End({ vm, end }: { vm: VmRecord; end: NonNullable<VmRecord["end"]> }) {
  const isFailure = vm.state === "failed" || end.error !== null;
  const Icon = isFailure ? IconAlertTriangle : IconCircleCheck;
  return (
    <Alert
      color={isFailure ? "red" : "gray"}
      icon={<Icon aria-hidden />}
      title={hasEnded(vm.state) ? `Ended: ${end.reason}` : `Ending: ${end.reason}`}
    >
      <Text size="sm" className="break">
        {end.message}
      </Text>
      {end.error && <AttemptFailure error={end.error} />}
    </Alert>
  );
}
