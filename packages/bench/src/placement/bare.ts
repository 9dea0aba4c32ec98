import { requestOf, roomOf } from "./fleet.ts";

/*
 * The least that a placement can be: free slots in lists by label and by label and image, first come first served.
 * It knows no teams, classes, sizes, disks or failures.
 */

interface Bare {
  place(seq: number): number | undefined;
}

/** Of hosts as `roomOf` has them; `place` takes a slot for a request, and says on which host. */
export function makeBare(hosts: number): Bare {
  const free = new Map<number, number>();
  const lists = new Map<string, number[]>();
  const add = (key: string, hostId: number) => {
    const list = lists.get(key);
    if (list) list.push(hostId);
    else lists.set(key, [hostId]);
  };
  for (let hostId = 1; hostId <= hosts; hostId += 1) {
    const room = roomOf(hostId);
    free.set(hostId, room.freeSlots.length);
    for (const label of ["", room.labels["xcode"] ?? ""]) {
      add(label, hostId);
      for (const image of room.images.keys()) add(`${label} ${image}`, hostId);
    }
  }

  function take(key: string): number | undefined {
    const list = lists.get(key) ?? [];
    for (let hostId = list.at(-1); hostId !== undefined; hostId = list.at(-1)) {
      const left = free.get(hostId) ?? 0;
      if (left > 0) {
        free.set(hostId, left - 1);
        return hostId;
      }
      list.pop();
    }
    return undefined;
  }

  return {
    place(seq) {
      const { need } = requestOf(seq);
      const label = need.hostLabels["xcode"] ?? "";
      return take(`${label} ${need.image}`) ?? take(label);
    },
  };
}
