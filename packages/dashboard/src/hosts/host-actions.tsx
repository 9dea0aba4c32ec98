import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { HostRecord } from "@tartfleet/shared";
import { useState } from "react";
import { useTRPC } from "../link/trpc.ts";
import { done, failed } from "../parts/done.ts";
import { useMay } from "../session/use-session.ts";
import { CordonModal, DrainModal } from "./close-modals.tsx";
import { RemoveModal } from "./remove-modal.tsx";

/** What may be done with a host in the condition in which it is. */
export function HostActions({ host }: { host: HostRecord }) {
  const mayManage = useMay("host.manage");
  const trpc = useTRPC();
  const [asking, setAsking] = useState<"cordon" | "drain" | "remove" | null>(null);
  const close = () => setAsking(null);
  const uncordon = useMutation(
    trpc.hosts.uncordon.mutationOptions({
      onSuccess: () => done(`${host.name} is open again.`),
      onError: failed,
    }),
  );
  if (!mayManage) return null;
  return (
    <>
      {host.cordon && (
        <Button loading={uncordon.isPending} onClick={() => uncordon.mutate({ name: host.name })}>
          Open it
        </Button>
      )}
      {!host.cordon && (
        <Button variant="default" onClick={() => setAsking("cordon")}>
          Cordon
        </Button>
      )}
      {!host.cordon?.drain && (
        <Button variant="default" onClick={() => setAsking("drain")}>
          Drain
        </Button>
      )}
      <Button variant="outline" color="red" onClick={() => setAsking("remove")}>
        Remove
      </Button>
      <CordonModal name={host.name} isOpen={asking === "cordon"} close={close} />
      <DrainModal name={host.name} isOpen={asking === "drain"} close={close} />
      {asking === "remove" && <RemoveModal name={host.name} close={close} />}
    </>
  );
}
