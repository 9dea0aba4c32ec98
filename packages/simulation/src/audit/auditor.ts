import type { Fleet } from "../fleet/fleet.ts";
import type { Invariant } from "./invariant.ts";
import { actsAreAudited } from "./invariants/acts-are-audited.ts";
import { attemptLivesOnce } from "./invariants/attempt-lives-once.ts";
import { budgetsCountServedTime } from "./invariants/budgets-count-served-time.ts";
import { channelsHold } from "./invariants/channels-hold.ts";
import { cordonsHold } from "./invariants/cordons-hold.ts";
import { digestsHold } from "./invariants/digests-hold.ts";
import { drainsEnd } from "./invariants/drains-end.ts";
import { endsAreFinal } from "./invariants/ends-are-final.ts";
import { freedSlotsAreEmpty } from "./invariants/freed-slots-are-empty.ts";
import { guestsSpeakForThemselves } from "./invariants/guests-speak-for-themselves.ts";
import { historyIsWhole } from "./invariants/history-is-whole.ts";
import { jobsDieByRight } from "./invariants/jobs-die-by-right.ts";
import { idleRunnersEnd } from "./invariants/idle-runners-end.ts";
import { largeOnesGetIn } from "./invariants/large-ones-get-in.ts";
import { noLostCreate } from "./invariants/no-lost-create.ts";
import { noSecretShown } from "./invariants/no-secret-shown.ts";
import { nothingOverdue } from "./invariants/nothing-overdue.ts";
import { nothingUnwantedStays } from "./invariants/nothing-unwanted-stays.ts";
import { placementsFit } from "./invariants/placements-fit.ts";
import { queueMoves } from "./invariants/queue-moves.ts";
import { holdsHold } from "./invariants/holds-hold.ts";
import { reasonsAreTrue } from "./invariants/reasons-are-true.ts";
import { removalsHold } from "./invariants/removals-hold.ts";
import { restartsEndNothing } from "./invariants/restarts-end-nothing.ts";
import { secretsReachOneHost } from "./invariants/secrets-reach-one-host.ts";
import { sharesHold } from "./invariants/shares-hold.ts";
import { sizesFit } from "./invariants/sizes-fit.ts";
import { slotsAddUp } from "./invariants/slots-add-up.ts";
import { thievesGetNothing } from "./invariants/thieves-get-nothing.ts";
import { twoMacsPerHost } from "./invariants/two-macs-per-host.ts";
import { waitsAreExplained } from "./invariants/waits-are-explained.ts";
import { createReader, type View } from "./view.ts";

export function allInvariants(): Invariant[] {
  return [
    twoMacsPerHost(),
    attemptLivesOnce(),
    noLostCreate(),
    endsAreFinal(),
    slotsAddUp(),
    freedSlotsAreEmpty(),
    reasonsAreTrue(),
    holdsHold(),
    jobsDieByRight(),
    nothingUnwantedStays(),
    guestsSpeakForThemselves(),
    noSecretShown(),
    historyIsWhole(),
    actsAreAudited(),
    nothingOverdue(),
    budgetsCountServedTime(),
    idleRunnersEnd(),
    restartsEndNothing(),
    placementsFit(),
    sizesFit(),
    sharesHold(),
    largeOnesGetIn(),
    cordonsHold(),
    digestsHold(),
    channelsHold(),
    drainsEnd(),
    removalsHold(),
    queueMoves(),
    waitsAreExplained(),
    secretsReachOneHost(),
    thievesGetNothing(),
  ];
}

/** Looks at the database and the machines after every step that changed one of them. */
export interface Auditor {
  check(): void;
  /** The last look. */
  view(): View | undefined;
}

/** Even when nothing changes, time passes: deadlines are looked at this often. */
const LONGEST_MS = 5000;

export function createAuditor(fleet: Fleet, invariants = allInvariants()): Auditor {
  const { world, site, hosts } = fleet;
  const lost = new Set<string>();
  let checkedVersion = "";
  let checkedAt = 0;
  let seen = { event: 0, act: 0 };
  let present: View | undefined;
  const read = createReader(fleet);

  const versionOf = () => `${site.version()} ${hosts.map(({ machine }) => machine.version).join(" ")}`;

  fleet.onRestored = () => {
    // What the lost database knew and had not ended when the backup was made may have gone on since.
    const restored = read({ event: 0, act: 0 }, lost);
    const isOver = (id: string) => (restored.vms.get(id)?.endedAt ?? null) !== null;
    for (const id of [...(present?.vms.keys() ?? []), ...world.ledger.acknowledged, ...restored.vms.keys()]) {
      if (!isOver(id)) lost.add(id);
    }
    seen = { event: restored.events.at(-1)?.id ?? 0, act: restored.audit.at(-1)?.seq ?? 0 };
    for (const invariant of invariants) invariant.onRestored?.(restored);
    present = { ...restored, events: [], audit: [] };
  };

  return {
    check() {
      const version = versionOf();
      const now = world.timeline.now();
      if (version === checkedVersion && now - checkedAt < LONGEST_MS) return;
      checkedVersion = version;
      checkedAt = now;
      const view = read(seen, lost);
      present = view;
      seen = { ...seen, act: view.audit.at(-1)?.seq ?? seen.act };
      for (const { id, vmId, type, state, attempt, message } of view.events) {
        seen.event = id;
        world.trace.note("history", `${vmId} ${attempt} ${state}: ${type}: ${message}`);
      }
      for (const { name, check } of invariants) {
        const message = check(view);
        if (message !== undefined) world.fail({ invariant: name, message });
      }
    },
    view: () => present,
  };
}
