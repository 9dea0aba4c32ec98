import { TagsInput } from "@mantine/core";
import { useBoard } from "../link/linked.tsx";
import { labelsIn } from "./labels.ts";
import { labelTexts } from "./text.ts";

/** Asks for labels of hosts; offers those that hosts have. */
export function LabelsInput({
  label,
  description,
  value,
  onChange,
}: {
  label: string;
  description: string;
  /** As they are typed; `labelsIn` reads them. */
  value: string[];
  onChange: (value: string[]) => void;
}) {
  const board = useBoard();
  const known = [...new Set(board.hosts.get().flatMap(({ labels }) => labelTexts(labels)))].sort();
  return (
    <TagsInput
      label={label}
      description={description}
      placeholder={value.length === 0 ? "key=value" : ""}
      data={known}
      value={value}
      onChange={onChange}
      error={labelsIn(value) === undefined && "Each must be like key=value"}
      acceptValueOnBlur
    />
  );
}
