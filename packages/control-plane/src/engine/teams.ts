import { CallError, type TeamRecord } from "@tartfleet/shared";
import { shareOf } from "../domain/scheduling/shares.ts";
import { actOf, teamName } from "./acts.ts";
import type { KeptView } from "./fleet-view.ts";
import type { Parts } from "./parts.ts";
import type { UseCases } from "./use-cases.ts";

type TeamUseCases = Pick<UseCases, "listTeams" | "getTeam" | "setTeam" | "removeTeam">;

/** Teams and what they may have of the fleet. */
export function makeTeamUseCases(
  { store, changes, clock }: Pick<Parts, "store" | "changes" | "clock">,
  { view }: Pick<KeptView, "view">,
): TeamUseCases {
  const recordOf = (name: string): TeamRecord => ({
    name,
    ...shareOf(view.policy, name),
    isSet: view.policy.teams.has(name),
    ...store.usage(name),
  });

  /** Shares are few: they are read anew when one was changed. */
  function changed(): void {
    view.policy = { ...view.policy, teams: store.shares() };
    changes.sharesChanged();
  }

  return {
    listTeams: () => store.teamNames().map(recordOf),

    getTeam: recordOf,

    async setTeam(caller, name, share) {
      const { guaranteed, cap, weight } = share;
      await store.setShare(
        name,
        share,
        actOf(caller, "team.set", teamName(name), { guaranteed, cap, weight }),
        clock.now(),
      );
      changed();
      return recordOf(name);
    },

    async removeTeam(caller, name) {
      if (!(await store.removeShare(name, actOf(caller, "team.remove", teamName(name)), clock.now()))) {
        throw new CallError(
          "team_not_found",
          `Team ${name} has no share of its own: what holds for any team holds for it.`,
        );
      }
      changed();
    },
  };
}
