import type { Request } from "../scheduling/request.ts";
import { dueOf, type SharePolicy } from "../scheduling/shares.ts";

/** A VM's place among those who wait. */
export interface Position {
  /** 1 is the next of its team and class. */
  inClass: number;
  ofClass: number;
  inTeam: number;
  ofTeam: number;
  waiting: number;
}

/** By when requests are due, as the scheduler goes; macOS VMs and Linux VMs do not wait for each other. */
export function positionOf(
  lines: Iterable<{ requests: readonly Request[] }>,
  target: Request,
  policy: SharePolicy,
): Position {
  const due = dueOf(policy, target);
  const position: Position = { inClass: 1, ofClass: 0, inTeam: 1, ofTeam: 0, waiting: 0 };
  for (const { requests } of lines) {
    position.waiting += requests.length;
    const [first] = requests;
    if (first?.team !== target.team || first.need.os !== target.need.os) continue;
    const isSameClass = first.priority === target.priority;
    const before = requests.filter((request) =>
      isBefore(dueOf(policy, request) - due, request, target),
    ).length;
    position.ofTeam += requests.length;
    position.inTeam += before;
    if (!isSameClass) continue;
    position.ofClass += requests.length;
    position.inClass += before;
  }
  return position;
}

function isBefore(difference: number, { seq }: Request, target: Request): boolean {
  return difference < 0 || (difference === 0 && seq < target.seq);
}
