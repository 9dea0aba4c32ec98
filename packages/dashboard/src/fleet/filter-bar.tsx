import { Autocomplete, Button, Group, Select, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useBoard } from "../link/linked.tsx";
import { useTyped } from "../parts/use-typed.ts";
import { isOpen, LOOKS, type FleetFilter } from "./filter.ts";
import { LOOK_WORDS } from "./looks.ts";
import { NO_WORDS, wordsOf } from "./words.ts";

/** Narrows the matrix. What is asked for stands in the page's address: it can be sent to somebody. */
export function FilterBar({ filter }: { filter: FleetFilter }) {
  const navigate = useNavigate({ from: "/" });
  const board = useBoard();
  const [words, setWords] = useState(NO_WORDS);
  const ask = (key: keyof FleetFilter) => (value: string | null) =>
    void navigate({
      to: "/",
      search: (before) => ({ ...before, [key]: value || undefined }),
      replace: true,
      resetScroll: false,
    });
  const name = useTyped(filter.name ?? "", ask("name"));
  const label = useTyped(filter.label ?? "", ask("label"));
  const image = useTyped(filter.image ?? "", ask("image"));
  const team = useTyped(filter.team ?? "", ask("team"));
  const look = () => setWords(wordsOf(board.hosts.get()));

  return (
    <Group gap="xs" align="end" role="search" aria-label="Filter the Macs">
      <TextInput
        aria-label="Name of a Mac or VM"
        placeholder="Mac or VM"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={name.value}
        onChange={(event) => name.set(event.currentTarget.value)}
        w={{ base: "100%", xs: 180 }}
      />
      <Autocomplete
        aria-label="Label of the Mac"
        placeholder="label=value"
        data={words.labels}
        value={label.value}
        onChange={label.set}
        onDropdownOpen={look}
        w={150}
      />
      <Autocomplete
        aria-label="Image"
        placeholder="image"
        data={words.images}
        value={image.value}
        onChange={image.set}
        onDropdownOpen={look}
        w={150}
      />
      <Autocomplete
        aria-label="Team"
        placeholder="team"
        data={words.teams}
        value={team.value}
        onChange={team.set}
        onDropdownOpen={look}
        w={120}
      />
      <Select
        aria-label="State of a slot"
        placeholder="any state"
        data={LOOKS.map((value) => ({ value, label: LOOK_WORDS[value].word }))}
        value={filter.state ?? null}
        onChange={ask("state")}
        clearable
        w={140}
      />
      {!isOpen(filter) && (
        <Button
          variant="subtle"
          onClick={() => void navigate({ to: "/", search: {}, replace: true, resetScroll: false })}
        >
          Show all
        </Button>
      )}
    </Group>
  );
}
