import { MultiSelect, Select, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { NoticeFilter, WebhookTemplate } from "@tartfleet/shared";
import { useState } from "react";
import { useTRPC } from "../link/trpc.ts";
import { FormModal } from "../parts/form-modal.tsx";
import { ShownOnce } from "../parts/shown-once.tsx";
import { NOTICES } from "./notices.ts";

const TEMPLATES: readonly { value: WebhookTemplate; label: string }[] = [
  { value: "json", label: "JSON, for programs" },
  { value: "slack", label: "Slack, or a chat that takes the same" },
];

/** Has a URL told of what happens; its secret is shown once. */
export function MakeWebhook({ close }: { close: () => void }) {
  const create = useMutation(useTRPC().webhooks.create.mutationOptions());
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState<NoticeFilter[]>([]);
  const [team, setTeam] = useState("");
  const [template, setTemplate] = useState<WebhookTemplate>("json");
  if (create.data) {
    return (
      <ShownOnce
        title={`The secret of webhook ${create.data.name}`}
        secret={create.data.secret}
        close={close}
      >
        Who is told checks by it that it was us. It is shown this once.
      </ShownOnce>
    );
  }
  return (
    <FormModal
      title="New webhook"
      verb="Make it"
      isOpen
      close={close}
      act={create}
      submit={() =>
        create.mutate({ name, url, events, template, ...(team.trim() !== "" && { team: team.trim() }) })
      }
    >
      <Text size="sm">
        It is told from now on, each time with a signature, and again until it says that it has it.
      </Text>
      <TextInput
        label="Name"
        description="Lower-case letters, digits and inner hyphens"
        required
        maxLength={63}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <TextInput
        label="URL"
        description="It may be a secret: it is kept sealed and never shown whole"
        type="url"
        required
        autoComplete="off"
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
      />
      <MultiSelect
        label="Hears of"
        description="Single events, all of a kind, or * for everything"
        data={NOTICES}
        value={events}
        onChange={(values) => setEvents(NOTICES.filter((notice) => values.includes(notice)))}
        searchable
      />
      <Select
        label="Written as"
        data={[...TEMPLATES]}
        value={template}
        onChange={(value) => setTemplate(value === "slack" ? "slack" : "json")}
        allowDeselect={false}
      />
      <TextInput
        label="Team"
        description="Of its VMs alone, and of no host; empty: of everything"
        value={team}
        onChange={(event) => setTeam(event.currentTarget.value)}
      />
    </FormModal>
  );
}
