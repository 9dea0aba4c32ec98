import { Button, Group, List, Modal, Stack, type ModalProps } from "@mantine/core";
import type { ReactNode, SubmitEvent } from "react";
import { fieldErrorsOf } from "./field-errors.ts";
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
  size = "md",
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
  size?: ModalProps["size"];
  children: ReactNode;
}) {
  function onSubmit(event: SubmitEvent) {
    event.preventDefault();
    // To React a dialog is inside of what opened it, which may be a form itself.
    event.stopPropagation();
    submit();
  }
  return (
    <Modal
      opened={isOpen}
      onClose={close}
      title={title}
      size={size}
      closeButtonProps={{ "aria-label": "Close" }}
      // The header of a dialog is none of the page's.
      attributes={{ header: { role: "presentation" } }}
    >
      <form onSubmit={onSubmit}>
        <Stack>
          {children}
          {act.error && <Refused error={act.error} />}
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

/** Why it was refused, with every field that is wrong. */
function Refused({ error }: { error: { message: string } }) {
  const fields = fieldErrorsOf(error);
  return (
    <Failed error={error}>
      {fields.length > 0 && (
        <List size="sm">
          {fields.map(({ path, message }) => (
            <List.Item key={`${path} ${message}`}>
              <b>{path}</b> {message}
            </List.Item>
          ))}
        </List>
      )}
    </Failed>
  );
}
