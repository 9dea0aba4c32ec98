import { NumberInput, SimpleGrid, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { TeamRecord } from "@tartfleet/shared";
import { useState } from "react";
import { useTRPC } from "../link/trpc.ts";
import { Act } from "../parts/act.tsx";

/** Sets what a team may have; without one, of a team that is not there yet. */
export function SetShare({ team }: { team?: TeamRecord }) {
  const trpc = useTRPC();
  const set = useMutation(trpc.teams.set.mutationOptions());
  const [name, setName] = useState("");
  const [guaranteed, setGuaranteed] = useState<number | string>(0);
  const [cap, setCap] = useState<number | string>("");
  const [weight, setWeight] = useState<number | string>(1);
  const present = team?.name ?? name;
  return (
    <Act
      text={team ? "Set" : "Set a team’s share"}
      title={team ? `Set the share of team ${team.name}` : "Set a team’s share"}
      verb="Set it"
      act={set}
      onOpen={() => {
        setName("");
        setGuaranteed(team?.guaranteed ?? 0);
        setCap(team?.cap ?? "");
        setWeight(team?.weight ?? 1);
      }}
      run={() =>
        set.mutateAsync({
          name: present,
          share: {
            guaranteed: Number(guaranteed),
            cap: typeof cap === "number" ? cap : null,
            weight: Number(weight),
          },
        })
      }
      told={() => `The share of team ${present} is set.`}
      button={
        team ? { "aria-label": `Set the share of team ${team.name}` } : { size: "sm", variant: "filled" }
      }
    >
      <Text size="sm">
        It holds at once for what is placed from now on. It ends nothing that has started: a team that holds
        more than it may gets nothing new until it does not.
      </Text>
      {!team && (
        <TextInput
          label="Team"
          description="Lower-case letters, digits and inner hyphens"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          required
          data-autofocus
        />
      )}
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="xs">
        <NumberInput
          label="Guaranteed"
          description="Slots of its own"
          min={0}
          allowDecimal={false}
          value={guaranteed}
          onChange={setGuaranteed}
          required
        />
        <NumberInput
          label="Cap"
          description="Empty: none"
          min={0}
          allowDecimal={false}
          value={cap}
          onChange={setCap}
        />
        <NumberInput
          label="Weight"
          description="Of what is shared"
          min={0.01}
          max={1000}
          value={weight}
          onChange={setWeight}
          required
        />
      </SimpleGrid>
    </Act>
  );
}

export function RemoveShare({ team: { name } }: { team: TeamRecord }) {
  const trpc = useTRPC();
  const remove = useMutation(trpc.teams.remove.mutationOptions());
  return (
    <Act
      text="Remove"
      title={`Take the share of team ${name} away?`}
      verb="Take it away"
      isDanger
      act={remove}
      run={() => remove.mutateAsync({ name })}
      told={() => `Team ${name} has the share of any team now.`}
      button={{ "aria-label": `Remove the share of team ${name}` }}
    >
      <Text size="sm">What holds for any team holds for it. Its VMs stay as they are.</Text>
    </Act>
  );
}
