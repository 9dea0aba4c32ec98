import { List, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { RemovedHost } from "@tartfleet/shared";
import { useClient } from "../link/linked.tsx";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { done } from "../parts/done.ts";
import { FormModal } from "../parts/form-modal.tsx";
import { PageLink } from "../parts/links.tsx";

const BECOMES: Readonly<Record<RemovedHost["vms"][number]["becomes"], string>> = {
  failed: "fails, as lost with its host",
  queued: "is tried on another host",
  ended: "ends, as it was about to",
};

/** Takes a host out of the fleet, after showing what would become of its VMs. */
export function RemoveModal({ name, close }: { name: string; close: () => void }) {
  const trpc = useTRPC();
  const client = useClient();
  const navigate = useNavigate();
  const preview = useQuery({
    queryKey: ["hosts.remove.preview", name],
    queryFn: () => client.hosts.remove.mutate({ name, dryRun: true, force: true }),
    gcTime: 0,
    staleTime: 0,
  });
  const remove = useMutation(
    trpc.hosts.remove.mutationOptions({
      onSuccess() {
        done(`${name} has left the fleet.`);
        void navigate({ to: "/hosts" });
      },
    }),
  );
  return (
    <FormModal
      title={`Remove ${name} from the fleet?`}
      verb="Remove it"
      isOpen
      isDanger
      close={close}
      act={remove}
      submit={() => remove.mutate({ name, force: true })}
    >
      <Text size="sm">Its agent’s credential stops working. To come back it must be enrolled again.</Text>
      <Answer of={preview}>
        {({ vms }) =>
          vms.length === 0 ? (
            <Text size="sm">Nothing runs there.</Text>
          ) : (
            <List size="sm">
              {vms.map(({ vmId, state, becomes }) => (
                <List.Item key={vmId}>
                  <PageLink to="/vms/$id" params={{ id: vmId }}>
                    VM {vmId}
                  </PageLink>{" "}
                  ({state}) {BECOMES[becomes]}
                </List.Item>
              ))}
            </List>
          )
        }
      </Answer>
    </FormModal>
  );
}
