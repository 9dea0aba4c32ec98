import { TextInput } from "@mantine/core";
import { useTyped } from "./use-typed.ts";

/** A field of a filter, whose value stands in the page's address. */
export function TypedInput({
  label,
  width,
  value,
  ask,
}: {
  label: string;
  width: number;
  value: string;
  ask: (value: string) => void;
}) {
  const typed = useTyped(value, ask);
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      value={typed.value}
      onChange={(event) => typed.set(event.currentTarget.value)}
      w={width}
    />
  );
}
