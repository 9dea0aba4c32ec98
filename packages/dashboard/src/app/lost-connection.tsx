import { Alert } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { useIsLive } from "../link/linked.tsx";

/** A restart of the control plane is shorter; nobody needs to hear of it. */
const PATIENCE_MS = 2000;

export function LostConnection() {
  const isLive = useIsLive();
  const [wasLive] = useDebouncedValue(isLive, PATIENCE_MS);
  return (
    <output>
      {!isLive && !wasLive && (
        <Alert
          color="orange"
          mb="md"
          icon={<IconPlugConnectedX aria-hidden />}
          title="The connection to the control plane is lost"
        >
          What you see is as it was. It is being tried again; the Macs and their VMs go on by themselves.
        </Alert>
      )}
    </output>
  );
}
