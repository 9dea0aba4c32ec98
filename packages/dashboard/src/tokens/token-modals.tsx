import { NumberInput, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { TokenRecord } from "@tartfleet/shared";
import { useState } from "react";
import { useTRPC } from "../link/trpc.ts";
import { done } from "../parts/done.ts";
import { FormModal } from "../parts/form-modal.tsx";
import { ShownOnce } from "../parts/shown-once.tsx";

interface ModalProps {
  token: TokenRecord;
  close: () => void;
}

/** Gives a token a new secret; the one before works on for a while. */
export function RotateModal({ token: { id, name }, close }: ModalProps) {
  const trpc = useTRPC();
  const [minutes, setMinutes] = useState<number | string>(60);
  const rotate = useMutation(trpc.tokens.rotate.mutationOptions());
  if (rotate.data) {
    return (
      <ShownOnce title={`The token ${name}`} secret={rotate.data.token} close={close}>
        It is shown this once: only its hash is kept. Put it where it is used now.
      </ShownOnce>
    );
  }
  return (
    <FormModal
      title={`Give ${name} a new secret?`}
      verb="Rotate it"
      isOpen
      close={close}
      act={rotate}
      submit={() => rotate.mutate({ id, graceSeconds: Math.round(Number(minutes) * 60) })}
    >
      <NumberInput
        label="For how many minutes the secret before still works"
        description="0 when others may know it"
        required
        min={0}
        value={minutes}
        onChange={setMinutes}
        data-autofocus
      />
    </FormModal>
  );
}

export function RevokeModal({ token: { id, name }, close }: ModalProps) {
  const trpc = useTRPC();
  const revoke = useMutation(
    trpc.tokens.revoke.mutationOptions({
      onSuccess() {
        done(`${name} is revoked.`);
        close();
      },
    }),
  );
  return (
    <FormModal
      title={`Revoke ${name}?`}
      verb="Revoke it"
      isOpen
      isDanger
      close={close}
      act={revoke}
      submit={() => revoke.mutate({ id })}
    >
      <Text size="sm">
        Whoever calls with it is refused from now on, and what is open is closed. It cannot be undone.
      </Text>
    </FormModal>
  );
}
