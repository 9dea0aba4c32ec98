import { Button, Group, NumberInput, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { WebhookRecord } from "@tartfleet/shared";
import { useState } from "react";
import { useTRPC } from "../link/trpc.ts";
import { Act } from "../parts/act.tsx";
import { done, failed } from "../parts/done.ts";
import { ShownOnce } from "../parts/shown-once.tsx";

/** What may be done with a webhook. */
export function WebhookActs({ webhook }: { webhook: WebhookRecord }) {
  return (
    <Group gap="xs">
      <Test webhook={webhook} />
      <Able webhook={webhook} />
      <Rotate webhook={webhook} />
      <Remove webhook={webhook} />
    </Group>
  );
}

/** Says what the receiver said. */
function Test({ webhook: { name } }: { webhook: WebhookRecord }) {
  const test = useMutation(
    useTRPC().webhooks.test.mutationOptions({
      onSuccess({ delivered, message }) {
        if (delivered) done(`${name} took a ping: ${message}`);
        else failed({ message: `${name} did not take a ping: ${message}` });
      },
      onError: failed,
    }),
  );
  return (
    <Button
      size="xs"
      variant="default"
      loading={test.isPending}
      onClick={() => test.mutate({ name })}
      aria-label={`Test ${name}`}
    >
      Test
    </Button>
  );
}

function Able({ webhook: { name, enabled } }: { webhook: WebhookRecord }) {
  const change = useMutation(useTRPC().webhooks.change.mutationOptions());
  return (
    <Act
      text={enabled ? "Disable" : "Enable"}
      title={`${enabled ? "Disable" : "Enable"} ${name}?`}
      verb={enabled ? "Disable it" : "Enable it"}
      act={change}
      run={() => change.mutateAsync({ name, enabled: !enabled })}
      told={() => `${name} is ${enabled ? "disabled" : "told again"}.`}
      button={{ "aria-label": `${enabled ? "Disable" : "Enable"} ${name}` }}
    >
      <Text size="sm">
        {enabled
          ? "It is told of nothing that happens until somebody enables it again. What waits for it goes on waiting."
          : "It is told of what happens from now on, and of what waited for it before it was disabled."}
      </Text>
    </Act>
  );
}

function Rotate({ webhook: { name } }: { webhook: WebhookRecord }) {
  const rotate = useMutation(useTRPC().webhooks.rotate.mutationOptions());
  const [hours, setHours] = useState<number | string>(24);
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <>
      <Act
        text="Rotate"
        title={`Give ${name} a new secret?`}
        verb="Rotate it"
        act={rotate}
        run={() => rotate.mutateAsync({ name, graceSeconds: Math.round(Number(hours) * 3600) })}
        told={(rotated) => {
          setSecret(rotated.secret);
          rotate.reset();
          return null;
        }}
        button={{ "aria-label": `Rotate ${name}` }}
      >
        <Text size="sm">You are shown it once. For a while what is sent is signed with both.</Text>
        <NumberInput
          label="For how many hours the secret before signs as well"
          description="0 when others may know it"
          min={0}
          max={720}
          required
          value={hours}
          onChange={setHours}
        />
      </Act>
      {secret !== null && (
        <ShownOnce title={`The secret of webhook ${name}`} secret={secret} close={() => setSecret(null)}>
          Who is told checks by it that it was us. It is shown this once.
        </ShownOnce>
      )}
    </>
  );
}

function Remove({ webhook: { name, pending, dead } }: { webhook: WebhookRecord }) {
  const remove = useMutation(useTRPC().webhooks.remove.mutationOptions());
  return (
    <Act
      text="Remove"
      title={`Remove ${name}?`}
      verb="Remove it"
      isDanger
      act={remove}
      run={() => remove.mutateAsync({ name })}
      told={() => `${name} is removed.`}
      button={{ "aria-label": `Remove ${name}` }}
    >
      <Text size="sm">
        It is told of nothing more.
        {pending + dead > 0 &&
          ` What waits for it (${pending}) and what was given up (${dead}) is gone with it.`}
      </Text>
    </Act>
  );
}
