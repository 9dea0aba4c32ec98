import { Alert, Badge, Group, Paper, Progress, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import type { PoolRecord } from "@tartfleet/shared";
import { useTRPC } from "../link/trpc.ts";
import { Act } from "../parts/act.tsx";
import { Facts, type Fact } from "../parts/facts.tsx";
import { countText, durationText, imageText, labelTexts } from "../parts/text.ts";
import { Ago } from "../parts/time.tsx";
import { useMay } from "../session/use-session.ts";
import { SetPool } from "./set-pool.tsx";
import { windowText } from "./window-text.ts";

/** What a pool keeps, what it has, and how often it was of use. */
export function PoolCard({ pool }: { pool: PoolRecord }) {
  const { name, image, idle, booting, leaving, wanted } = pool;
  const mayManage = useMay("pool.manage");
  return (
    <Paper withBorder p="md" component="article" aria-label={`Pool ${name}`}>
      <Stack gap="sm">
        <Group justify="space-between" gap="xs" align="start">
          <div>
            <Text fw={600}>{name}</Text>
            <Text size="sm" className="break" title={image}>
              {imageText(image)}
            </Text>
          </div>
          <Standing pool={pool} />
        </Group>
        <div>
          <Text size="sm" className="numbers">
            <b>{idle}</b> of {wanted} wanted {wanted === 1 ? "stands" : "stand"} by, <b>{booting}</b>{" "}
            {booting === 1 ? "boots" : "boot"}
            {leaving > 0 && (
              <>
                , <b>{leaving}</b> {leaving === 1 ? "is" : "are"} being stopped
              </>
            )}
          </Text>
          <Progress.Root size="lg" aria-hidden>
            <Progress.Section value={percentOf(idle, pool)} color="green" />
            <Progress.Section value={percentOf(booting, pool)} color="blue" striped />
          </Progress.Root>
        </div>
        <Trouble pool={pool} />
        <Facts label={`About pool ${name}`} rows={factsOf(pool)} />
        {mayManage && (
          <Group gap="xs">
            <SetPool pool={pool} />
            <RemovePool pool={pool} />
          </Group>
        )}
      </Stack>
    </Paper>
  );
}

function percentOf(part: number, { wanted, idle, booting }: PoolRecord): number {
  return (100 * part) / Math.max(1, wanted, idle + booting);
}

function Standing({ pool: { wanted, idle, lastFailure } }: { pool: PoolRecord }) {
  const [color, text] =
    lastFailure !== null
      ? ["red", "failing"]
      : wanted === 0
        ? ["gray", "keeps none now"]
        : idle >= wanted
          ? ["green", "full"]
          : ["yellow", "filling"];
  return (
    <Badge variant="light" color={color}>
      {text}
    </Badge>
  );
}

function Trouble({ pool: { lastFailure, pausedUntil } }: { pool: PoolRecord }) {
  if (lastFailure === null) return null;
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title="Its VMs do not come up">
      <Text size="sm" className="break">
        {lastFailure}
        {pausedUntil !== null && (
          <>
            {" "}
            The next is tried <Ago at={pausedUntil} />.
          </>
        )}
      </Text>
    </Alert>
  );
}

function factsOf(pool: PoolRecord): Fact[] {
  const { hits, misses, idleMinutes, minIdle, max, maxAgeMinutes, schedule, nextChangeAt } = pool;
  const all = hits + misses;
  const size = [
    pool.cpu !== null && `${pool.cpu} CPUs`,
    pool.memoryMiB !== null && `${pool.memoryMiB} MiB memory`,
    pool.diskGiB !== null && `${pool.diskGiB} GiB disk`,
  ].filter(Boolean);
  return [
    [
      "Of use",
      all === 0
        ? "nobody asked for one like it yet"
        : `${hits} of ${all} took a warm one (${Math.round((100 * hits) / all)} %)`,
    ],
    ["Stood by", `${durationText(Math.round(idleMinutes) * 60_000)} in all`],
    [
      "Keeps",
      `${countText(minIdle, "VM")}, ${max} at most, renewed after ${durationText(maxAgeMinutes * 60_000)}`,
    ],
    [
      "When",
      schedule
        ? schedule.windows.map((window) => <div key={windowText(window)}>{windowText(window)}</div>)
        : "always",
    ],
    ["Time zone", schedule?.timeZone],
    ["Next change", nextChangeAt !== null && <Ago at={nextChangeAt} />],
    ["System", [pool.os, ...size].join(", ")],
    ["Hosts with", labelTexts(pool.hostLabels).join(", ")],
  ];
}

function RemovePool({ pool: { name, idle } }: { pool: PoolRecord }) {
  const trpc = useTRPC();
  const remove = useMutation(trpc.pools.remove.mutationOptions());
  return (
    <Act
      text="Remove"
      title={`Remove pool ${name}?`}
      verb="Remove it"
      isDanger
      act={remove}
      run={() => remove.mutateAsync({ name })}
      told={() => `Pool ${name} is removed.`}
      button={{ "aria-label": `Remove pool ${name}` }}
    >
      <Text size="sm">
        {idle > 0 ? `Its ${countText(idle, "VM")} that nobody took ${idle === 1 ? "is" : "are"} ended. ` : ""}
        VMs that somebody took go on. Who asks for one like them waits for its boot again.
      </Text>
    </Act>
  );
}
