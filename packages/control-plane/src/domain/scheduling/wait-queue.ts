import type { GuestOs } from "@tartfleet/shared";
import { needKey, type Need, type Request } from "./request.ts";
import { insert, takeOut } from "./sorted-list.ts";

/** Requests of one team and class that need the same, in the order of acceptance. */
export interface Line {
  key: string;
  team: string;
  priority: string;
  need: Need;
  requests: Request[];
  /** When its first is due: the order among the lines of a team. */
  due: number;
  /** It was found to fit nowhere, and will not until something makes room. */
  isParked: boolean;
}

/** Open lines of one team by when they are due. */
type Lines = Line[];

/**
 * Those who wait. A queue of many thousands that ask for the same is one line: what does not fit is set aside
 * as a whole and looked at again when there is room.
 *
 * @param dueOf when a request is due, by which lines of a team take turns
 */
export function makeWaitQueue(dueOf: (request: Request) => number) {
  const lines = new Map<string, Line>();
  const places = new Map<string, { line: Line; request: Request }>();
  const open: Record<GuestOs, Map<string, Lines>> = { macos: new Map(), linux: new Map() };
  const parked = new Set<Line>();

  function show(line: Line): void {
    const teams = open[line.need.os];
    const ofTeam = teams.get(line.team) ?? [];
    insert(ofTeam, line, byDue);
    teams.set(line.team, ofTeam);
  }

  function hide(line: Line): void {
    const teams = open[line.need.os];
    const ofTeam = teams.get(line.team);
    if (!ofTeam) return;
    takeOut(ofTeam, line, byDue);
    if (ofTeam.length === 0) teams.delete(line.team);
  }

  /** Changes a line's requests; its place among the others follows from its first. */
  function change(line: Line, edit: () => void): void {
    if (!line.isParked) hide(line);
    edit();
    const [first] = line.requests;
    if (!first) {
      lines.delete(line.key);
      parked.delete(line);
      return;
    }
    line.due = dueOf(first);
    if (!line.isParked) show(line);
  }

  function remove(vmId: string): void {
    const found = places.get(vmId);
    if (!found) return;
    const { line, request } = found;
    places.delete(vmId);
    change(line, () => takeOut(line.requests, request, bySeq));
  }

  return {
    /** Adds a request, or puts it in the place of what was known of its VM. */
    put(request: Request): void {
      remove(request.vmId);
      const key = JSON.stringify([request.team, request.priority, needKey(request.need)]);
      let line = lines.get(key);
      if (!line) {
        const { team, priority, need } = request;
        line = { key, team, priority, need, requests: [], due: 0, isParked: false };
        lines.set(key, line);
      }
      places.set(request.vmId, { line, request });
      const { requests } = line;
      change(line, () => insert(requests, request, bySeq));
    },

    remove,

    has: (vmId: string): boolean => places.has(vmId),

    size: (): number => places.size,

    /** Sets a line aside that fits nowhere. */
    park(line: Line): void {
      if (line.isParked) return;
      hide(line);
      line.isParked = true;
      parked.add(line);
    },

    /** Takes lines up again that may fit now. */
    unpark(mayFit: (line: Line) => boolean): void {
      for (const line of [...parked].filter(mayFit)) {
        parked.delete(line);
        line.isParked = false;
        show(line);
      }
    },

    /** Teams that have open lines, each with theirs by when they are due. */
    open: (os: GuestOs): ReadonlyMap<string, readonly Line[]> => open[os],

    lines: (): IterableIterator<Line> => lines.values(),

    lineOf: (vmId: string): Line | undefined => places.get(vmId)?.line,
  };
}

export type WaitQueue = ReturnType<typeof makeWaitQueue>;

const byDue = (a: Line, b: Line) => a.due - b.due || (a.key < b.key ? -1 : Number(a.key > b.key));
const bySeq = (a: Request, b: Request) => a.seq - b.seq;
