import { NumberInput, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { TokenRole } from "@tartfleet/shared";
import { useState } from "react";
import { useTRPC } from "../link/trpc.ts";
import { FormModal } from "../parts/form-modal.tsx";
import { LabelsInput } from "../parts/labels-input.tsx";
import { labelsIn } from "../parts/labels.ts";
import { ShownOnce } from "../parts/shown-once.tsx";

const ROLES: readonly { value: TokenRole; label: string }[] = [
  { value: "viewer", label: "viewer: sees, changes nothing" },
  { value: "ci", label: "ci: makes and ends VMs" },
  { value: "host-enrolment", label: "host-enrolment: makes Macs hosts" },
  { value: "admin", label: "admin: may do everything" },
];
const DAY_SECONDS = 86_400;

/** Makes a token, and shows it the once that it can be seen. */
export function CreateModal({ close }: { close: () => void }) {
  const trpc = useTRPC();
  const [role, setRole] = useState<TokenRole>("viewer");
  const [name, setName] = useState("");
  const [team, setTeam] = useState("");
  const [days, setDays] = useState<number | string>("");
  const [uses, setUses] = useState<number | string>(1);
  const [labels, setLabels] = useState<string[]>([]);
  const hostLabels = labelsIn(labels);
  const create = useMutation(trpc.tokens.create.mutationOptions());
  const canHaveTeam = role === "viewer" || role === "ci";
  const isEnrolment = role === "host-enrolment";

  function submit() {
    if (!hostLabels) return;
    create.mutate({
      role,
      name,
      ...(canHaveTeam && team !== "" ? { team } : {}),
      ...(days === "" ? {} : { expiresInSeconds: Math.round(Number(days) * DAY_SECONDS) }),
      ...(isEnrolment ? { uses: uses === "" ? "unlimited" : Number(uses), hostLabels } : {}),
    });
  }

  if (create.data) {
    return (
      <ShownOnce title={`The token ${create.data.name}`} secret={create.data.token} close={close}>
        It is shown this once: only its hash is kept. Put it where it is used now.
      </ShownOnce>
    );
  }
  return (
    <FormModal title="New token" verb="Make it" isOpen close={close} act={create} submit={submit}>
      <TextInput
        label="Name"
        description="Who or what holds it; it stands in the audit log"
        required
        maxLength={63}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <Select
        label="Role"
        data={[...ROLES]}
        value={role}
        onChange={(value) => setRole(ROLES.find((one) => one.value === value)?.value ?? role)}
        allowDeselect={false}
      />
      {canHaveTeam && (
        <TextInput
          label="Team"
          description={
            role === "ci"
              ? "Whose VMs it makes; empty: the team default"
              : "Whose VMs it sees; empty: everybody’s"
          }
          value={team}
          onChange={(event) => setTeam(event.currentTarget.value)}
        />
      )}
      {isEnrolment && (
        <>
          <NumberInput
            label="How many Macs it enrols"
            description="Empty: any number"
            min={1}
            allowDecimal={false}
            value={uses}
            onChange={setUses}
          />
          <LabelsInput
            label="Labels of those Macs"
            description="Their agents cannot change them"
            value={labels}
            onChange={setLabels}
          />
        </>
      )}
      <NumberInput
        label="For how many days"
        description={isEnrolment ? "Empty: one" : "Empty: until it is revoked"}
        min={0.01}
        value={days}
        onChange={setDays}
      />
    </FormModal>
  );
}
