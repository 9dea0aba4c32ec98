import { Checkbox, NumberInput, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "../link/trpc.ts";
import { done } from "../parts/done.ts";
import { FormModal } from "../parts/form-modal.tsx";

interface ModalProps {
  name: string;
  isOpen: boolean;
  close: () => void;
}

const HOUR_SECONDS = 3600;

/** Nothing new for a host; what runs there goes on. */
export function CordonModal({ name, isOpen, close }: ModalProps) {
  const trpc = useTRPC();
  const [reason, setReason] = useState("");
  const [hours, setHours] = useState<number | string>("");
  const cordon = useMutation(
    trpc.hosts.cordon.mutationOptions({
      onSuccess() {
        done(`${name} is cordoned.`);
        close();
      },
    }),
  );
  const submit = () =>
    cordon.mutate({
      name,
      reason,
      ...(hours === "" ? {} : { forSeconds: Math.round(Number(hours) * HOUR_SECONDS) }),
    });
  return (
    <FormModal
      title={`Cordon ${name}?`}
      verb="Cordon it"
      isOpen={isOpen}
      close={close}
      act={cordon}
      submit={submit}
    >
      <Text size="sm">It gets nothing new. Its VMs go on to their end.</Text>
      <Reason value={reason} set={setReason} />
      <NumberInput
        label="For how many hours"
        description="Empty: until somebody opens it again"
        min={0.1}
        value={hours}
        onChange={setHours}
      />
    </FormModal>
  );
}

/** A host is to become empty. */
export function DrainModal({ name, isOpen, close }: ModalProps) {
  const trpc = useTRPC();
  const [reason, setReason] = useState("");
  const [hours, setHours] = useState<number | string>(6);
  const [endVms, setEndVms] = useState(false);
  const drain = useMutation(
    trpc.hosts.drain.mutationOptions({
      onSuccess() {
        done(`${name} is being drained.`);
        close();
      },
    }),
  );
  const submit = () =>
    drain.mutate({ name, reason, endVms, deadlineSeconds: Math.round(Number(hours) * HOUR_SECONDS) });
  return (
    <FormModal
      title={`Drain ${name}?`}
      verb="Drain it"
      isOpen={isOpen}
      close={close}
      act={drain}
      submit={submit}
    >
      <Text size="sm">
        It gets nothing new, and is to become empty: you are told when it is, or when it is late.
      </Text>
      <Reason value={reason} set={setReason} />
      <NumberInput label="Its VMs have how many hours" min={0} required value={hours} onChange={setHours} />
      <Checkbox
        label="Then end those that are left"
        description="Their jobs are cut off. Without it none is ended."
        checked={endVms}
        onChange={(event) => setEndVms(event.currentTarget.checked)}
      />
    </FormModal>
  );
}

function Reason({ value, set }: { value: string; set: (value: string) => void }) {
  return (
    <TextInput
      label="Why"
      description="For whoever wonders later"
      required
      maxLength={500}
      value={value}
      onChange={(event) => set(event.currentTarget.value)}
      data-autofocus
    />
  );
}
