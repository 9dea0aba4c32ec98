import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import type { VmRecord } from "@tartfleet/shared";
import { useTRPC } from "../link/trpc.ts";
import { done } from "../parts/done.ts";
import { Failed } from "../parts/page.tsx";
import { hasEnded } from "../parts/vm-words.ts";
import { useMay } from "../session/use-session.ts";
import { endingMeans } from "./ending.ts";

/** Ends a VM, after saying what that means in the state in which it is. */
export function EndVm({ vm }: { vm: VmRecord }) {
  const [isOpen, { open, close }] = useDisclosure(false);
  const trpc = useTRPC();
  const end = useMutation(
    trpc.vms.end.mutationOptions({
      onSuccess() {
        done(`VM ${vm.name} is being ended.`);
        close();
      },
    }),
  );
  const mayEnd = useMay("vm.end");
  if (!mayEnd || hasEnded(vm.state) || vm.state === "stopping") return null;
  const { text, isLoss } = endingMeans(vm);
  return (
    <>
      <Button color="red" variant="outline" onClick={open}>
        End VM
      </Button>
      <Modal
        opened={isOpen}
        onClose={close}
        title={`End ${vm.name}?`}
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <Stack>
          <Text>{text}</Text>
          {end.error && <Failed error={end.error} />}
          <Group justify="end">
            <Button variant="default" onClick={close} data-autofocus>
              Leave it
            </Button>
            <Button color="red" loading={end.isPending} onClick={() => end.mutate({ id: vm.id })}>
              {isLoss ? "End it all the same" : "End it"}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
