import { Group, SegmentedControl, SimpleGrid } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Page } from "../parts/page.tsx";
import { useSession } from "../session/use-session.ts";
import { Past } from "./past.tsx";
import { QUANTILES, RANGE_NAMES, RANGES, type ChartsView } from "./ranges.ts";

const PHASES = ["assigned", "pulling", "cloning", "booting", "provisioning"];
const STATES = ["busy", "warm", "draining", "held", "free", "phantom", "unreachable", "cordoned"];
const SHARES = { p50: "half of them", p95: "95 of 100" } as const;

/** How the fleet was over time, from what the control plane keeps of its past. */
export function ChartsPage() {
  const { range = "24h", quantile = "p95" } = useSearch({ from: "/charts" });
  const { team } = useSession();
  const ofDurations = {
    range,
    unit: "seconds",
    pick: (point: { p50: number | null; p95: number | null }) => point[quantile],
  } as const;
  const counted = {
    range,
    kind: "bars",
    unit: "number",
    pick: ({ count }: { count: number }) => count,
  } as const;
  return (
    <Page title="Charts" aside={<View range={range} quantile={quantile} />}>
      {team !== null ? (
        <Past
          {...ofDurations}
          title={`Waiting for a slot, ${SHARES[quantile]} at most`}
          series="wait"
          by="team"
          team={team}
          kind="lines"
        />
      ) : (
        <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="xl" verticalSpacing="xl">
          <Past
            {...ofDurations}
            title={`Waiting for a slot, ${SHARES[quantile]} at most`}
            series="wait"
            kind="lines"
            nameOf={() => "all VMs"}
          />
          <Past
            {...ofDurations}
            title={`Waiting by team, ${SHARES[quantile]} at most`}
            series="wait"
            by="team"
            kind="lines"
          />
          <Past
            {...ofDurations}
            title={`Coming up by phase, ${SHARES[quantile]} at most`}
            series="boot"
            kind="bars"
            order={PHASES}
          />
          <Past
            title="Slots by state"
            series="slots"
            range={range}
            kind="bars"
            unit="number"
            pick={({ mean }) => mean}
            order={STATES}
          />
          <Past
            title="VMs that wait, at most"
            series="queue"
            range={range}
            kind="lines"
            unit="number"
            pick={({ max }) => max}
            nameOf={() => "VMs"}
          />
          <Past {...counted} title="Attempts that failed, by error" series="failures" />
          <Past {...counted} title="VMs that ended, by reason" series="ends" />
        </SimpleGrid>
      )}
    </Page>
  );
}

function View({ range, quantile }: Required<ChartsView>) {
  const navigate = useNavigate({ from: "/charts" });
  const show = (view: ChartsView) =>
    void navigate({ to: "/charts", search: (before) => ({ ...before, ...view }), replace: true });
  return (
    <Group gap="xs">
      <SegmentedControl
        aria-label="Time"
        size="xs"
        value={range}
        data={RANGE_NAMES.map((value) => ({ value, label: RANGES[value].text }))}
        onChange={(value) => show({ range: value })}
      />
      <SegmentedControl
        aria-label="Of durations"
        size="xs"
        value={quantile}
        data={QUANTILES.map((value) => ({ value, label: value }))}
        onChange={(value) => show({ quantile: value })}
      />
    </Group>
  );
}
