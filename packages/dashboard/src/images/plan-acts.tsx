import { SegmentedControl, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { ImagePlanRecord } from "@tartfleet/shared";
import { useState } from "react";
import { useTRPC } from "../link/trpc.ts";
import { Act } from "../parts/act.tsx";
import { LabelsInput } from "../parts/labels-input.tsx";
import { labelsIn } from "../parts/labels.ts";
import { imageText } from "../parts/text.ts";
import { ImageInput } from "./image-input.tsx";

const KINDS = {
  prepull: {
    label: "Fetch it once",
    means:
      "All hosts, or those with the labels, fetch the image, a few at once and after what their VMs need. It is done when every connected one has it; hosts that join before that get it, too.",
  },
  pin: {
    label: "Keep it",
    means:
      "The image stays on all hosts, or on those with the labels: it is fetched where it is missing, also by hosts that join later, and is never removed to make room, until somebody ends this.",
  },
} as const;

export function MakePlan({ known }: { known: readonly string[] }) {
  const trpc = useTRPC();
  const plan = useMutation(trpc.images.plan.mutationOptions());
  const [kind, setKind] = useState<keyof typeof KINDS>("prepull");
  const [image, setImage] = useState("");
  const [labels, setLabels] = useState<string[]>([]);
  const [reason, setReason] = useState("");
  const hostLabels = labelsIn(labels);
  return (
    <Act
      text="Pre-pull or pin"
      title="Have an image on hosts"
      verb={kind === "pin" ? "Pin it" : "Pre-pull it"}
      act={plan}
      onOpen={() => {
        setImage("");
        setLabels([]);
        setReason("");
      }}
      run={() =>
        hostLabels && plan.mutateAsync({ kind, image, hostLabels, ...(reason.trim() !== "" && { reason }) })
      }
      told={() =>
        kind === "pin" ? `${imageText(image)} is pinned.` : `${imageText(image)} is being fetched onto hosts.`
      }
    >
      <SegmentedControl
        fullWidth
        aria-label="What is to be done"
        data={Object.entries(KINDS).map(([value, { label }]) => ({ value, label }))}
        value={kind}
        onChange={(value) => setKind(value === "pin" ? "pin" : "prepull")}
      />
      <Text size="sm">{KINDS[kind].means}</Text>
      <ImageInput
        description="Best by digest: a host that has the tag is not asked whether it was moved"
        known={known}
        value={image}
        onChange={setImage}
      />
      <LabelsInput
        label="Only on hosts with"
        description="All of these labels; without any, on all hosts"
        value={labels}
        onChange={setLabels}
      />
      <TextInput
        label="Why"
        description="For whoever wonders later"
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        required={kind === "pin"}
      />
    </Act>
  );
}

export function EndPlan({ plan: { id, kind, image } }: { plan: ImagePlanRecord }) {
  const trpc = useTRPC();
  const end = useMutation(trpc.images.endPlan.mutationOptions());
  const [text, title] =
    kind === "pin"
      ? ["Unpin", `Unpin ${imageText(image)}`]
      : ["Cancel", `Cancel fetching ${imageText(image)}`];
  return (
    <Act
      text={text}
      title={title}
      verb={title}
      act={end}
      run={() => end.mutateAsync({ id })}
      told={() => (kind === "pin" ? `${imageText(image)} is not pinned any more.` : "It was cancelled.")}
    >
      <Text size="sm">
        Hosts keep what they have until it is removed to make room.
        {kind === "prepull" && " What has not begun to be fetched will not be."}
      </Text>
    </Act>
  );
}
