import { Button, type ButtonProps, type ModalProps } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { ReactNode } from "react";
import { done } from "./done.ts";
import { FormModal } from "./form-modal.tsx";

interface ActProps<Answer> {
  /** On the button that leads to the dialog. */
  text: string;
  title: string;
  /** On the button that does it. */
  verb: string;
  /** It takes something away. */
  isDanger?: boolean;
  /** The mutation. */
  act: { isPending: boolean; error: { message: string } | null; reset: () => void };
  /** undefined: the dialog stays, for something is asked first. */
  run: () => Promise<Answer> | undefined;
  /** What came of it, for people; null where something else tells. */
  told: (answer: Answer) => string | null;
  /** What was entered last time is forgotten. */
  onOpen?: () => void;
  /** What it means, and what must be known for it. */
  children: ReactNode;
  button?: ButtonProps & { "aria-label"?: string };
  size?: ModalProps["size"];
}

/** A button for something that changes the fleet, with the dialog that says first what it means. */
export function Act<Answer>(props: ActProps<Answer>) {
  const { text, act, run, told, onOpen, button, ...modal } = props;
  const [isOpen, dialog] = useDisclosure(false);

  function open() {
    act.reset();
    onOpen?.();
    dialog.open();
  }

  async function submit() {
    try {
      const running = run();
      if (!running) return;
      const sentence = told(await running);
      dialog.close();
      if (sentence !== null) done(sentence);
    } catch {
      // The mutation keeps why, and the dialog shows it.
    }
  }

  return (
    <>
      <Button
        size="xs"
        {...(modal.isDanger ? { variant: "outline", color: "red" } : { variant: "default" })}
        onClick={open}
        {...button}
      >
        {text}
      </Button>
      <FormModal {...modal} act={act} isOpen={isOpen} close={dialog.close} submit={() => void submit()} />
    </>
  );
}
