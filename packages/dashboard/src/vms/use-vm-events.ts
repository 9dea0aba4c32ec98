import type { VmEvent } from "@tartfleet/shared";
import { useEffect, useState } from "react";
import { useClient } from "../link/linked.tsx";
import { keepSubscribed } from "../link/subscribe.ts";

/** History comes as one message an event: so many are drawn at once. */
const GATHER_MS = 50;

/** What happened to a VM, oldest first, and then as it happens. For one VM: give its user the VM's id as key. */
export function useVmEvents(id: string): readonly VmEvent[] {
  const client = useClient();
  const [events, setEvents] = useState<readonly VmEvent[]>([]);

  useEffect(() => {
    let last = 0;
    let gathered: VmEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      const more = gathered;
      gathered = [];
      timer = undefined;
      setEvents((before) => [...before, ...more]);
    };
    const stop = keepSubscribed<{ data: VmEvent }>(
      (to) => client.vms.follow.subscribe({ id, lastEventId: last }, to),
      ({ data }) => {
        // After a lost connection some may come again.
        if (data.id <= last) return;
        last = data.id;
        gathered.push(data);
        timer ??= setTimeout(show, GATHER_MS);
      },
    );
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [client, id]);

  return events;
}
