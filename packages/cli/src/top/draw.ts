import { BOARD_SLOT_STATES, type BoardHost, type BoardSlot, type BoardSlotState } from "@tartfleet/shared";
import type { Colors, Style } from "../output/style.ts";
import { table } from "../output/table.ts";
import { count, cutEnd, oneLine } from "../output/text.ts";
import { clockTime, durationText } from "../output/time.ts";
import { paintState } from "../output/vm-words.ts";
import type { Size } from "../screen/full-screen.ts";
import { matching, type Fleet } from "./board.ts";

/** How a person looks at the fleet. */
export interface Look {
  filter: string;
  /** The filter is being typed. */
  isTyping: boolean;
  /** Rows of the matrix that are above the screen. */
  scroll: number;
  /** Why what is shown may be old. */
  trouble: string | undefined;
}

/** Without colours they must be told apart, too. */
const SIGNS: Record<BoardSlotState, string> = {
  busy: "█",
  warm: "◆",
  draining: "▒",
  held: "■",
  free: "·",
  phantom: "!",
  unreachable: "?",
  cordoned: "-",
};
const COMING_UP = "▓";

const PAINTS: Record<BoardSlotState, (colors: Colors) => (text: string) => string> = {
  busy: ({ cyan }) => cyan,
  warm: ({ magenta }) => magenta,
  draining: ({ yellow }) => yellow,
  held: ({ yellow }) => yellow,
  free: ({ green }) => green,
  phantom: ({ red }) => red,
  unreachable: ({ red }) => red,
  cordoned: ({ dim }) => dim,
};

const ON_THE_WAY: ReadonlySet<string> = new Set([
  "assigned",
  "pulling",
  "cloning",
  "booting",
  "provisioning",
  "draining",
  "stopping",
]);
const HEAD_ROWS = 6;
/** Some of the matrix, an empty line and the last one. */
const LEAST_ROWS = 4;
const MOST_BAR = 60;
const LONGEST_NAME = 24;

/** What `top` shows, and how far it can be scrolled. */
export interface Picture {
  lines: string[];
  /** Rows of the matrix in all, and those that fit. */
  matrixRows: number;
  page: number;
}

/** The fleet as lines that fit the terminal. */
export function draw(fleet: Fleet | undefined, look: Look, size: Size, style: Style): Picture {
  const { dim, red } = style.colors;
  const fitted = { ...style, width: size.columns };
  const time = clockTime(new Date(style.now).toISOString());
  const state = look.trouble === undefined ? dim(time) : red(oneLine(look.trouble));
  if (!fleet) return { lines: [state], matrixRows: 0, page: 1 };
  const hosts = matching(fleet.hosts, look.filter);
  const moving = movingTable(hosts, size, fitted);
  const rows = matrix(hosts, fitted);
  const foot = footer(look, hosts.length, fleet.hosts.length, style);
  const room = Math.max(1, size.rows - HEAD_ROWS - moving.length - 2);
  const from = Math.min(look.scroll, Math.max(0, rows.length - room));
  const shown = rows.slice(from, from + room);
  const padding = Array.from({ length: Math.max(0, room - shown.length) }, () => "");
  return {
    lines: [...header(fleet, size, style, state), ...shown, ...padding, ...moving, "", foot],
    matrixRows: rows.length,
    page: room,
  };
}

/** The same once, for where there is no terminal: all of it. */
export function snapshot(fleet: Fleet, style: Style): string {
  const size = { columns: 100, rows: Number.POSITIVE_INFINITY };
  const fitted = { ...style, width: size.columns };
  const moving = movingTable(fleet.hosts, size, fitted);
  const at = clockTime(fleet.summary.at);
  return [...header(fleet, size, style, at), ...matrix(fleet.hosts, fitted), ...moving].join("\n");
}

function header({ summary, hosts }: Fleet, { columns }: Size, style: Style, state: string): string[] {
  const { slots, queue, wait, lastHour, silentHosts } = summary;
  const { colors, now } = style;
  const parts = BOARD_SLOT_STATES.filter((name) => slots[name] > 0);
  const isAnyOnItsWay = hosts.some((host) => host.slots.some((slot) => signOf(slot) === COMING_UP));
  const legend = [
    ...parts.map((name) => PAINTS[name](colors)(`${SIGNS[name]} ${slots[name]} ${name}`)),
    ...(isAnyOnItsWay ? [colors.dim(`(${COMING_UP} on its way)`)] : []),
  ].join("  ");
  const waited = (ms: number | null) => (ms === null ? "-" : durationText(ms));
  const oldest =
    queue.oldestSince === null ? "" : `, the oldest for ${durationText(now - Date.parse(queue.oldestSince))}`;
  const reasons = lastHour.failures.slice(0, 2).map(({ reason, count: times }) => `${times} ${reason}`);
  const failed = `${lastHour.failed} failed${reasons.length > 0 ? ` (${reasons.join(", ")})` : ""}`;
  const silent = `${silentHosts} silent`;
  return [
    `${colors.bold(count(hosts.length, "host"))}, ${silentHosts > 0 ? colors.red(silent) : silent}   ${state}`,
    `${bar(slots, Math.min(MOST_BAR, columns - 14), colors)} ${count(slots.total, "slot")}`,
    legend,
    `${count(queue.depth, "VM")} in the queue${oldest}; waits: p50 ${waited(wait.p50Ms)}, p95 ${waited(wait.p95Ms)}`,
    `last hour: ${lastHour.ended} ended, ${lastHour.failed > 0 ? colors.red(failed) : failed}`,
    "",
  ];
}

/** Each state's part of the slots; a state with any has at least one cell. */
function bar(slots: Fleet["summary"]["slots"], width: number, colors: Colors): string {
  const present = BOARD_SLOT_STATES.filter((name) => slots[name] > 0);
  const cells = present.map((name) => ({
    name,
    cells: Math.max(1, Math.round((slots[name] / Math.max(1, slots.total)) * width)),
  }));
  return cells.map(({ name, cells: many }) => PAINTS[name](colors)(SIGNS[name].repeat(many))).join("");
}

/** Hosts side by side, each with its name and its slots. */
function matrix(hosts: readonly BoardHost[], style: Style): string[] {
  const nameWidth = Math.min(LONGEST_NAME, Math.max(4, ...hosts.map(({ name }) => name.length)));
  const slotWidth = Math.max(2, ...hosts.map(({ slots }) => slots.length));
  const cell = nameWidth + slotWidth + 4;
  const columns = Math.max(1, Math.floor((style.width + 2) / cell));
  const rows = Math.ceil(hosts.length / columns);
  return Array.from({ length: rows }, (_, row) =>
    hosts
      .slice(row * columns, (row + 1) * columns)
      .map((host) => hostCell(host, nameWidth, slotWidth, style.colors))
      .join("  "),
  );
}

function hostCell(host: BoardHost, nameWidth: number, slotWidth: number, colors: Colors): string {
  const name = cutEnd(oneLine(host.name), nameWidth).padEnd(nameWidth);
  const painted =
    host.condition === "unreachable"
      ? colors.red(name)
      : host.condition === "open"
        ? host.errors > 0
          ? colors.yellow(name)
          : name
        : colors.dim(name);
  const slots = host.slots.map((slot) => PAINTS[slot.state](colors)(signOf(slot))).join("");
  return `${painted} ${slots}${" ".repeat(slotWidth - host.slots.length + 1)}`;
}

function signOf({ state, vm }: BoardSlot): string {
  return state === "busy" && vm !== null && ON_THE_WAY.has(vm.state) ? COMING_UP : SIGNS[state];
}

/** VMs that are coming up or going: what a person waits for. */
function movingTable(hosts: readonly BoardHost[], { rows }: Size, style: Style): string[] {
  const moving = hosts.flatMap(({ name, slots }) =>
    slots.flatMap(({ vm }) => (vm && ON_THE_WAY.has(vm.state) ? [{ host: name, ...vm }] : [])),
  );
  // Beside them stand a line above, the table's head, and how many more there are.
  const most = Math.floor(Math.min(rows / 3, rows - HEAD_ROWS - LEAST_ROWS)) - 3;
  if (moving.length === 0 || most < 1) return [];
  const text = table(
    moving.slice(0, most),
    [
      { head: "ON ITS WAY", text: ({ id }) => id },
      {
        head: "STATE",
        text: ({ state }) => state,
        paint: (shown, { state }, colors) => paintState(shown, state, colors),
      },
      { head: "HOST", text: ({ host }) => host, cut: { from: "end", least: 8 } },
      { head: "TEAM", text: ({ team }) => (team === "" ? "(pool)" : team), spare: 2 },
      {
        head: "NAME",
        text: ({ name, id }) => (name === `vm-${id}` ? "-" : name),
        cut: { from: "end", least: 8 },
        spare: 1,
      },
      { head: "IMAGE", text: ({ image }) => image, cut: { from: "start", least: 14 }, spare: 3 },
    ],
    style,
  );
  const more = moving.length > most ? [style.colors.dim(`… ${moving.length - most} more`)] : [];
  return ["", ...text.split("\n"), ...more];
}

function footer({ filter, isTyping }: Look, shown: number, all: number, { colors }: Style): string {
  if (isTyping) return `/${oneLine(filter)}▏`;
  const filtered =
    filter === "" ? "" : `  ${colors.bold(`/${oneLine(filter)}`)} ${shown} of ${all}, Esc shows all`;
  return `${colors.dim("q quit  / filter  ↑ ↓ PgUp PgDn")}${filtered}`;
}
