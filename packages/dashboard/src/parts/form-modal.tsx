import { Button, Group, Modal, Stack } from "@mantine/core";
import type { ReactNode, SubmitEvent } from "react";
import { Failed } from "./page.tsx";

/** Asks for what an act needs, and says what became of it when it was refused. */
export function FormModal({
  title,
  verb,
  isOpen,
  close,
  act,
  submit,
  isDanger = false,
  children,
}: {
  title: string;
  /** What the button says that does it. */
  verb: string;
  isOpen: boolean;
  close: () => void;
  act: { isPending: boolean; error: { message: string } | null };
  submit: () => void;
  isDanger?: boolean;
  children: ReactNode;
}) {
  function onSubmit(event: SubmitEvent) {
    event.preventDefault();
    submit();
  }
  return (
    <Modal opened={isOpen} onClose={close} title={title} closeButtonProps={{ "aria-label": "Close" }}>
      <form onSubmit={onSubmit}>
        <Stack>
          {children}
          {act.error && <Failed error={act.error} />}
          <Group justify="end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={act.isPending} {...(isDanger ? { color: "red" } : {})}>
              {verb}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
