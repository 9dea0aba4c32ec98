import type { BoardHost, BoardSlot } from "@tartfleet/shared";
import { memo, useSyncExternalStore } from "react";
import { useBoard } from "../link/linked.tsx";
import { letsSlot, lookOf, type FleetFilter } from "./filter.ts";
import { hostText, markOf, slotText, slotWords } from "./host-words.ts";
import { LOOK_WORDS } from "./looks.ts";
import styles from "./matrix.module.css";
import { PARTS_PER_HOST } from "./places-in-grid.ts";

interface TileProps {
  name: string;
  /** Its place among those that are shown. */
  index: number;
  column: number;
  /** Which of its parts the keyboard is at; null: none. */
  activePart: number | null;
  filter: FleetFilter;
  isRoomy: boolean;
}

/** A Mac and its slots. It is drawn again when its own host changes, and not when others do. */
export const HostTile = memo(function HostTile(props: TileProps) {
  const { name, index, column, activePart, filter, isRoomy } = props;
  const board = useBoard();
  const host = useSyncExternalStore(
    (listener) => board.subscribeHost(name, listener),
    () => board.host(name),
  );
  if (!host) return null;
  const cell = (part: number) => ({
    "data-cell": `${index}:${part}`,
    tabIndex: part === activePart ? 0 : -1,
  });
  const firstColumn = column * PARTS_PER_HOST + 1;
  return (
    <div className={styles["host"]} role="presentation">
      <div className={styles["name"]} role="gridcell" aria-colindex={firstColumn}>
        <a
          href={`/hosts/${encodeURIComponent(name)}`}
          className={styles["nameLink"]}
          aria-label={hostText(host)}
          {...cell(0)}
        >
          {name}
        </a>
        <Mark host={host} />
      </div>
      {host.slots.map((slot, at) => (
        <div key={slot.slot} role="gridcell" aria-colindex={firstColumn + 1 + at}>
          <a
            href={hrefOf(name, slot)}
            className={styles["slot"]}
            data-look={lookOf(slot)}
            data-sign={LOOK_WORDS[lookOf(slot)].sign}
            data-dim={letsSlot(filter, slot) ? undefined : true}
            aria-label={slotText(name, slot)}
            {...cell(at + 1)}
          >
            {isRoomy && <What slot={slot} />}
          </a>
        </div>
      ))}
    </div>
  );
});

function hrefOf(host: string, { vm }: BoardSlot): string {
  return vm ? `/vms/${vm.id}` : `/hosts/${encodeURIComponent(host)}`;
}

function Mark({ host }: { host: BoardHost }) {
  const found = markOf(host);
  return (
    found && (
      <span className={styles["mark"]} data-mark={found.mark} aria-hidden>
        {found.sign}
      </span>
    )
  );
}

function What({ slot }: { slot: BoardSlot }) {
  const { what, more } = slotWords(slot);
  return (
    <span className={styles["what"]}>
      <span>{what}</span> {more !== undefined && <small>{more}</small>}
    </span>
  );
}
