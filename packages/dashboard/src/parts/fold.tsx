import { Anchor, Collapse, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useId, type ReactNode } from "react";

/** What is shown only when it is asked for; it is not made before. */
export function Fold({ more, less, children }: { more: string; less: string; children: ReactNode }) {
  const [isOpen, { toggle }] = useDisclosure(false);
  const id = useId();
  return (
    <Stack gap={4} align="start">
      <Anchor
        component="button"
        type="button"
        size="sm"
        onClick={toggle}
        aria-expanded={isOpen}
        aria-controls={id}
      >
        {isOpen ? less : more}
      </Anchor>
      <Collapse expanded={isOpen} id={id}>
        {isOpen && children}
      </Collapse>
    </Stack>
  );
}
