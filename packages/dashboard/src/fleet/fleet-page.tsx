import { useDeferredValue, useMemo, useSyncExternalStore } from "react";
import { useSearch } from "@tanstack/react-router";
import { useBoard } from "../link/linked.tsx";
import { useNow } from "../parts/clock.ts";
import { Empty, Page, Section, Waiting } from "../parts/page.tsx";
import { useStore } from "../parts/store.ts";
import { countText } from "../parts/text.ts";
import { Figures } from "./figures.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { hostsThrough } from "./filter.ts";
import "./looks.css";
import { Matrix } from "./matrix.tsx";
import { SlotsBar } from "./slots-bar.tsx";
import { useSameArray } from "./use-same-array.ts";
import { verdictOf } from "./verdict.ts";
import { VerdictBanner } from "./verdict-banner.tsx";

/** The one screen that says whether all is well. */
export function FleetPage() {
  return (
    <Page title="Fleet">
      <Overview />
      <Macs />
    </Page>
  );
}

function Overview() {
  const board = useBoard();
  const summary = useStore(board.summary);
  const hosts = useStore(board.hosts);
  // Whole minutes are enough to tell a long wait.
  const minute = useNow(60_000);
  const verdict = useMemo(() => summary && verdictOf(summary, hosts, minute), [summary, hosts, minute]);
  if (!summary || !verdict) return <Waiting />;
  return (
    <>
      <VerdictBanner verdict={verdict} />
      <SlotsBar slots={summary.slots} hosts={hosts.length} />
      <Figures summary={summary} />
    </>
  );
}

function Macs() {
  const filter = useSearch({ from: "/" });
  const board = useBoard();
  const hosts = useStore(board.hosts);
  const asked = useDeferredValue(filter);
  const names = useSameArray(
    useMemo(() => hostsThrough(hosts, asked).map(({ name }) => name), [hosts, asked]),
  );
  const isKnown = useSyncExternalStore(board.summary.subscribe, () => board.summary.get() !== null);
  if (!isKnown) return null;
  if (hosts.length === 0) {
    return (
      <Empty title="No Macs yet">
        A Mac joins when its agent is started there with an enrolment token; see the README’s section “A fleet
        on real Macs”.
      </Empty>
    );
  }
  return (
    <Section
      title="Macs"
      aside={names.length < hosts.length && `${countText(names.length, "Mac")} of ${hosts.length}`}
    >
      <FilterBar filter={filter} />
      {names.length === 0 ? (
        <Empty title="No Mac fits the filter" />
      ) : (
        <Matrix names={names} filter={asked} isRoomy={hosts.length <= 40} />
      )}
    </Section>
  );
}
