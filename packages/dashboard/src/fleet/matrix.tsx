import { Tooltip } from "@mantine/core";
import { useElementSize, useMergedRef } from "@mantine/hooks";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import {
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
  type SyntheticEvent,
} from "react";
import { useFollow } from "../parts/links.tsx";
import type { FleetFilter } from "./filter.ts";
import { HostTile } from "./host-tile.tsx";
import styles from "./matrix.module.css";
import { moved, PARTS_PER_HOST, type Spot } from "./places-in-grid.ts";

/** Of a tile with its gap, in pixels. */
const ROOMY = { width: 300, height: 82 };
const COMPACT = { width: 118, height: 57 };

interface MatrixProps {
  /** Of the hosts to show, in order. */
  names: readonly string[];
  filter: FleetFilter;
  /** Few Macs: there is room to say what runs. */
  isRoomy: boolean;
}

/** Every Mac and its slots as one grid, of which only what is on the screen exists. Arrow keys walk through it. */
export function Matrix({ names, filter, isRoomy }: MatrixProps) {
  const follow = useFollow();
  const element = useRef<HTMLDivElement>(null);
  const { ref: sized, width } = useElementSize();
  const ref = useMergedRef(element, sized);
  const [spot, setSpot] = useState<Spot>({ host: 0, part: 0 });
  const [pointed, setPointed] = useState<HTMLElement | null>(null);
  const [top, setTop] = useState(0);
  const size = isRoomy ? ROOMY : COMPACT;
  const perRow = Math.max(1, Math.floor(width / size.width));
  const rows = useWindowVirtualizer({
    count: Math.ceil(names.length / perRow),
    estimateSize: () => size.height,
    overscan: 6,
    scrollMargin: top,
  });
  useEffect(() => {
    // Whatever grows or shrinks above moves it.
    const observer = new ResizeObserver(() => {
      const at = element.current?.getBoundingClientRect().top ?? 0;
      setTop(Math.round(at + window.scrollY));
    });
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);

  // The cell that one goes to may not exist before its row is scrolled to.
  const goingTo = useRef<Spot | null>(null);
  useLayoutEffect(() => {
    const to = goingTo.current;
    const cell = to && element.current?.querySelector<HTMLElement>(`[data-cell="${to.host}:${to.part}"]`);
    if (!cell) return;
    goingTo.current = null;
    cell.focus({ preventScroll: true });
  });

  function onKeyDown(event: KeyboardEvent) {
    const to = moved(spot, event, { hosts: names.length, perRow });
    if (!to) return;
    event.preventDefault();
    goingTo.current = to;
    setSpot(to);
    rows.scrollToIndex(Math.floor(to.host / perRow), { align: "auto" });
  }

  function onClick(event: MouseEvent) {
    const href = cellOf(event)?.getAttribute("href");
    if (href) follow(event, href);
  }

  function onFocus(event: SyntheticEvent) {
    const cell = cellOf(event);
    const [host = 0, part = 0] = cell?.dataset["cell"]?.split(":").map(Number) ?? [];
    if (!cell) return;
    setSpot({ host, part });
    setPointed(cell);
  }

  const active = Math.min(spot.host, names.length - 1);
  return (
    <>
      {pointed?.isConnected && (
        <Tooltip
          key={pointed.dataset["cell"]}
          target={pointed}
          opened
          label={pointed.ariaLabel}
          multiline
          maw={320}
        />
      )}
      <div
        ref={ref}
        role="grid"
        tabIndex={-1}
        aria-label="Macs and their slots"
        aria-rowcount={rows.options.count}
        aria-colcount={perRow * PARTS_PER_HOST}
        className={`${styles["grid"]} ${isRoomy ? styles["roomy"] : ""}`}
        style={{ height: rows.getTotalSize() }}
        onKeyDown={onKeyDown}
        onClick={onClick}
        onFocus={onFocus}
        onBlur={() => setPointed(null)}
        onMouseOver={(event) => setPointed(cellOf(event))}
        onMouseLeave={() => setPointed(null)}
      >
        {width > 0 &&
          rows.getVirtualItems().map((row) => (
            <div
              key={row.key}
              role="row"
              aria-rowindex={row.index + 1}
              className={styles["row"]}
              style={{
                transform: `translateY(${row.start - top}px)`,
                gridTemplateColumns: `repeat(${perRow}, minmax(0, 1fr))`,
              }}
            >
              {names.slice(row.index * perRow, (row.index + 1) * perRow).map((name, column) => {
                const index = row.index * perRow + column;
                return (
                  <HostTile
                    key={name}
                    name={name}
                    index={index}
                    column={column}
                    activePart={index === active ? spot.part : null}
                    filter={filter}
                    isRoomy={isRoomy}
                  />
                );
              })}
            </div>
          ))}
      </div>
    </>
  );
}

function cellOf({ target }: SyntheticEvent): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("[data-cell]") : null;
}
