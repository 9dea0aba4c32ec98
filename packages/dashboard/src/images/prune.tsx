import { Checkbox, NumberInput, Select, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { PrunedHost } from "@tartfleet/shared";
import { useState } from "react";
import { useBoard } from "../link/linked.tsx";
import { useTRPC } from "../link/trpc.ts";
import { Act } from "../parts/act.tsx";
import { countText } from "../parts/text.ts";
import { Pruned } from "./pruned.tsx";

/** Makes room on hosts: shows first what would go and what would stay, and removes only that when asked again. */
export function Prune() {
  const trpc = useTRPC();
  const prune = useMutation(trpc.images.prune.mutationOptions());
  const board = useBoard();
  const [host, setHost] = useState<string | null>(null);
  const [percent, setPercent] = useState<number | string>("");
  const [isForeign, setForeign] = useState(false);
  /** What a dry run said; null: what is asked for has changed since. */
  const [shown, setShown] = useState<PrunedHost[] | null>(null);
  const ask = (dryRun: boolean) =>
    prune.mutateAsync({
      dryRun,
      foreign: isForeign,
      ...(host !== null && { host }),
      ...(typeof percent === "number" && { untilFreePercent: percent }),
    });
  const going = shown?.reduce((sum, { remove }) => sum + remove.length, 0) ?? 0;

  return (
    <Act
      text="Make room"
      title="Make room on hosts"
      verb={going > 0 ? `Remove ${countText(going, "image")}` : "See what would go"}
      isDanger={going > 0}
      size="xl"
      act={prune}
      onOpen={() => {
        setHost(null);
        setPercent("");
        setForeign(false);
        setShown(null);
      }}
      run={() => {
        if (going > 0) return ask(false);
        void ask(true).then(setShown, () => {});
        return undefined;
      }}
      told={(hosts) =>
        `${countText(hosts.length, "host")} ${hosts.length === 1 ? "removes" : "remove"} it now.`
      }
    >
      <Text size="sm">
        Images that nobody needs go, the least recently used first, until so much of the disk is free. Never
        what a VM has or waits for, what is pinned, planned or a channel’s, or what is being fetched. A host
        whose disk is nearly full does the same by itself.
      </Text>
      <Select
        label="Host"
        placeholder="every connected host"
        data={board.hosts.get().map(({ name }) => name)}
        value={host}
        onChange={(value) => {
          setHost(value);
          setShown(null);
        }}
        searchable
        clearable
      />
      <NumberInput
        label="Until so much of the disk is free"
        description="100 %: all that nobody needs. Left empty: as the control plane does it by itself"
        suffix=" %"
        min={0}
        max={100}
        value={percent}
        onChange={(value) => {
          setPercent(value);
          setShown(null);
        }}
      />
      <Checkbox
        label="Also images that tartfleet did not fetch, as people on that Mac may have"
        checked={isForeign}
        onChange={(event) => {
          setForeign(event.currentTarget.checked);
          setShown(null);
        }}
      />
      {shown && <Pruned hosts={shown} />}
    </Act>
  );
}
