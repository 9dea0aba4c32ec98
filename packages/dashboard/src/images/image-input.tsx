import { Autocomplete } from "@mantine/core";

/** Asks for an image; offers those that hosts have. */
export function ImageInput({
  label = "Image",
  description,
  known,
  value,
  onChange,
}: {
  label?: string;
  description: string;
  known: readonly string[];
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <Autocomplete
      label={label}
      description={description}
      placeholder="registry.example.com/macos/runner:16"
      // What is there already need not be offered, over the buttons below.
      data={known.includes(value) ? [] : [...known]}
      limit={50}
      value={value}
      onChange={onChange}
      required
      openOnFocus={false}
      data-autofocus
    />
  );
}
