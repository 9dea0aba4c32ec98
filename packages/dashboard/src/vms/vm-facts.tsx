import { Badge, Code, Group, Paper, SimpleGrid } from "@mantine/core";
import type { VmRecord } from "@tartfleet/shared";
import type { ReactNode } from "react";
import { Facts, type Fact } from "../parts/facts.tsx";
import { PageLink } from "../parts/links.tsx";
import { labelTexts } from "../parts/text.ts";
import { Ago, Lasting } from "../parts/time.tsx";
import { hasEnded } from "../parts/vm-words.ts";

/** What a VM is and where, what it was asked for with, and whose. */
export function VmFacts({ vm }: { vm: VmRecord }) {
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="sm">
      <Paper withBorder p="md">
        <Facts label="Where and what" rows={where(vm)} />
      </Paper>
      <Paper withBorder p="md">
        <Facts label="Whose and why" rows={whose(vm)} />
      </Paper>
    </SimpleGrid>
  );
}

function where(vm: VmRecord): Fact[] {
  const size = [
    vm.cpu && `${vm.cpu} CPUs`,
    vm.memoryMiB && `${vm.memoryMiB} MiB memory`,
    vm.diskGiB && `${vm.diskGiB} GiB disk`,
  ].filter(Boolean);
  return [
    [
      "Host",
      vm.host !== null && (
        <>
          <PageLink to="/hosts/$name" params={{ name: vm.host }}>
            {vm.host}
          </PageLink>
          {vm.slot !== null && `, slot ${vm.slot}`}
          {vm.ip !== null && `, ${vm.ip}`}
        </>
      ),
    ],
    [
      "Host silent",
      vm.unreachableSince !== null && !hasEnded(vm.state) && (
        <>
          for <Lasting since={vm.unreachableSince} />
        </>
      ),
    ],
    ["Image", vm.image],
    ["Digest", vm.imageDigest !== null && <Code>{vm.imageDigest}</Code>],
    ["Channel", vm.channel],
    ["Warm pool", vm.pool],
    ["System", `${vm.os}${size.length > 0 ? `, ${size.join(", ")}` : ""}`],
    ["Created", <Ago key="created" at={vm.createdAt} />],
    ["Ready", vm.readyAt !== null && <Ago at={vm.readyAt} />],
    ["Ended", vm.endedAt !== null && <Ago at={vm.endedAt} />],
    ["Time to live", vm.expiresAt !== null && vm.endedAt === null && <Ago at={vm.expiresAt} />],
  ];
}

function whose(vm: VmRecord): Fact[] {
  const { runId, runAttempt, job, repository } = vm.job.details;
  const run = runId && `${runId}${runAttempt ? `, attempt ${runAttempt}` : ""}`;
  return [
    ["Id", <Code key="id">{vm.id}</Code>],
    ["Team", vm.team || "of a warm pool, nobody’s yet"],
    ["Class", vm.priority],
    ["Runner", vm.runner?.kind ?? "none: the guest alone"],
    ["Job id", vm.jobId],
    [
      "Job",
      vm.job.state === "none" ? (
        "none yet"
      ) : (
        <>
          {vm.job.state}
          {vm.job.startedAt !== null && (
            <>
              , began <Ago at={vm.job.startedAt} />
            </>
          )}
        </>
      ),
    ],
    ["Repository", repository],
    ["Run", run],
    ["Job’s name", job],
    ["Labels", labels(vm.labels)],
    ["Host must have", labels(vm.hostLabels)],
    ["Had better have", labels(vm.preferredHostLabels)],
    ["Variables", vm.envNames.length > 0 && vm.envNames.join(", ")],
  ];
}

function labels(of: Readonly<Record<string, string>>): ReactNode {
  const texts = labelTexts(of);
  if (texts.length === 0) return null;
  return (
    <Group gap={4}>
      {texts.map((text) => (
        <Badge key={text} variant="default">
          {text}
        </Badge>
      ))}
    </Group>
  );
}
