import { useDebouncedCallback } from "@mantine/hooks";
import { useEffect, useRef, useState } from "react";

const PAUSE_MS = 250;

/** What is being typed into a field whose value lives elsewhere, and is told there when the typing pauses. */
export function useTyped(value: string, tell: (value: string) => void) {
  const [typed, setTyped] = useState(value);
  const told = useRef(value);
  const tellLater = useDebouncedCallback((next: string) => {
    told.current = next;
    tell(next);
  }, PAUSE_MS);
  useEffect(() => {
    if (value === told.current) return;
    told.current = value;
    setTyped(value);
  }, [value]);
  return {
    value: typed,
    set(next: string) {
      setTyped(next);
      tellLater(next);
    },
  };
}
