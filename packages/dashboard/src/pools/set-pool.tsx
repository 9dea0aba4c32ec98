import { NumberInput, Select, SimpleGrid, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { PoolRecord } from "@tartfleet/shared";
import { useState } from "react";
import { useTRPC } from "../link/trpc.ts";
import { Act } from "../parts/act.tsx";
import { LabelsInput } from "../parts/labels-input.tsx";
import { draftOf, poolIn } from "./draft.ts";
import { ScheduleInput } from "./schedule-input.tsx";

/** Makes a pool, or changes one. */
export function SetPool({ pool }: { pool?: PoolRecord }) {
  const trpc = useTRPC();
  const set = useMutation(trpc.pools.set.mutationOptions());
  const [name, setName] = useState("");
  const [draft, setDraft] = useState(() => draftOf(pool));
  const put = (part: Partial<typeof draft>) => setDraft((before) => ({ ...before, ...part }));
  const present = pool?.name ?? name;
  return (
    <Act
      text={pool ? "Change" : "New pool"}
      title={pool ? `Change pool ${pool.name}` : "Make a pool"}
      verb={pool ? "Change it" : "Make it"}
      size="lg"
      act={set}
      onOpen={() => {
        setName("");
        setDraft(draftOf(pool));
      }}
      run={() => {
        const wish = poolIn(draft, pool);
        return wish && set.mutateAsync({ name: present, pool: wish });
      }}
      told={() => `Pool ${present} is ${pool ? "changed" : "there"}; its VMs boot while there is room.`}
      button={pool ? { "aria-label": `Change pool ${pool.name}` } : { size: "sm", variant: "filled" }}
    >
      <Text size="sm">
        VMs are kept booted and free while slots are: whoever waits goes before. A create that asks for the
        same takes one. {pool && "What fits no more is ended when nobody has taken it."}
      </Text>
      {!pool && (
        <TextInput
          label="Name"
          description="Lower-case letters, digits and inner hyphens"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          required
          data-autofocus
        />
      )}
      <TextInput
        label="Image"
        description="An OCI reference, or channel:name for the image that the channel has just then"
        value={draft.image}
        onChange={(event) => put({ image: event.currentTarget.value })}
        required
      />
      <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="xs">
        <NumberInput
          label="VMs kept"
          min={0}
          allowDecimal={false}
          value={draft.minIdle}
          onChange={(minIdle) => put({ minIdle })}
          required
        />
        <NumberInput
          label="At most"
          placeholder="one more"
          min={1}
          allowDecimal={false}
          value={draft.max}
          onChange={(max) => put({ max })}
        />
        <NumberInput
          label="Renewed after"
          suffix=" min"
          min={1}
          allowDecimal={false}
          value={draft.maxAgeMinutes}
          onChange={(maxAgeMinutes) => put({ maxAgeMinutes })}
          required
        />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 2, xs: 4 }} spacing="xs">
        <Select
          label="System"
          data={["macos", "linux"]}
          value={draft.os}
          onChange={(os) => put({ os: os === "linux" ? "linux" : "macos" })}
          allowDeselect={false}
        />
        <NumberInput
          label="CPUs"
          placeholder="the image’s"
          min={1}
          value={draft.cpu}
          onChange={(cpu) => put({ cpu })}
        />
        <NumberInput
          label="Memory, MiB"
          placeholder="the image’s"
          min={1}
          value={draft.memoryMiB}
          onChange={(memoryMiB) => put({ memoryMiB })}
        />
        <NumberInput
          label="Disk, GiB"
          placeholder="the image’s"
          min={1}
          value={draft.diskGiB}
          onChange={(diskGiB) => put({ diskGiB })}
        />
      </SimpleGrid>
      <LabelsInput
        label="Only on hosts with"
        description="All of these labels; without any, on all hosts"
        value={draft.labels}
        onChange={(labels) => put({ labels })}
      />
      <ScheduleInput
        windows={draft.windows}
        setWindows={(windows) => put({ windows })}
        timeZone={draft.timeZone}
        setTimeZone={(timeZone) => put({ timeZone })}
      />
    </Act>
  );
}
