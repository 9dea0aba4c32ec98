import { NumberInput, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { ChannelRecord } from "@tartfleet/shared";
import { useState } from "react";
import { ImageInput } from "../images/image-input.tsx";
import { useTRPC } from "../link/trpc.ts";
import { Act } from "../parts/act.tsx";
import { imageText } from "../parts/text.ts";

/** Gives a channel an image at once; without a channel, makes one. */
export function SetChannel({ channel, known }: { channel?: ChannelRecord; known: readonly string[] }) {
  const trpc = useTRPC();
  const set = useMutation(trpc.channels.set.mutationOptions());
  const [name, setName] = useState("");
  const [image, setImage] = useState("");
  const present = channel?.name ?? name;
  return (
    <Act
      text={channel ? "Set" : "New channel"}
      title={channel ? `Set channel ${channel.name}` : "Make a channel"}
      verb={channel ? "Give it to all" : "Make it"}
      act={set}
      onOpen={() => {
        setName("");
        setImage(channel?.image ?? "");
      }}
      run={() => set.mutateAsync({ name: present, image })}
      told={() => `New VMs of channel ${present} get ${imageText(image)}.`}
      {...(channel && { button: { "aria-label": `Set channel ${channel.name}` } })}
    >
      <Text size="sm">
        {channel
          ? "All new VMs of the channel get the image at once, whether it is any good or not; a roll-out tries it first. What is being rolled out ends. VMs that run keep theirs."
          : "VMs that ask for channel:name get the image that the channel has just then."}
      </Text>
      {!channel && (
        <TextInput
          label="Name"
          description="Lower-case letters, digits and inner hyphens, like stable"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          required
          data-autofocus
        />
      )}
      <ImageInput
        description="An OCI reference; best by digest: what a tag means can change"
        known={known}
        value={image}
        onChange={setImage}
      />
    </Act>
  );
}

/** Gives a channel's new VMs another image step by step. */
export function RollOut({ channel: { name }, known }: { channel: ChannelRecord; known: readonly string[] }) {
  const trpc = useTRPC();
  const rollOut = useMutation(trpc.channels.rollOut.mutationOptions());
  const [image, setImage] = useState("");
  const [samples, setSamples] = useState<number | string>(10);
  return (
    <Act
      text="Roll out"
      title={`Roll an image out to channel ${name}`}
      verb="Roll it out"
      act={rollOut}
      onOpen={() => setImage("")}
      run={() =>
        rollOut.mutateAsync({ name, image, ...(typeof samples === "number" && { samplesPerStep: samples }) })
      }
      told={() => `${imageText(image)} is being rolled out to channel ${name}.`}
      button={{ "aria-label": `Roll out to channel ${name}` }}
    >
      <Text size="sm">
        10 %, then 50 %, then all new VMs get the image. It goes on when enough of them came up no worse than
        with the old image, and back by itself when they clearly did worse. Hosts fetch the image first.
      </Text>
      <ImageInput
        label="New image"
        description="Best by digest: what a tag means can change while it is rolled out"
        known={known}
        value={image}
        onChange={setImage}
      />
      <NumberInput
        label="Attempts that each step must have seen"
        min={3}
        max={200}
        allowDecimal={false}
        value={samples}
        onChange={setSamples}
      />
    </Act>
  );
}

export function RollBack({ channel: { name, image, rollout } }: { channel: ChannelRecord }) {
  const trpc = useTRPC();
  const rollBack = useMutation(trpc.channels.rollBack.mutationOptions());
  return (
    <Act
      text="Roll back"
      title={`Roll channel ${name} back`}
      verb="Roll it back"
      act={rollBack}
      run={() => rollBack.mutateAsync({ name })}
      told={() => `New VMs of channel ${name} get ${imageText(image)} again.`}
      button={{ "aria-label": `Roll back channel ${name}` }}
    >
      <Text size="sm">
        All new VMs get {imageText(image)} again. Those that have {rollout && imageText(rollout.image)} keep
        it until they end.
      </Text>
    </Act>
  );
}

export function RemoveChannel({ channel: { name } }: { channel: ChannelRecord }) {
  const trpc = useTRPC();
  const remove = useMutation(trpc.channels.remove.mutationOptions());
  return (
    <Act
      text="Remove"
      title={`Remove channel ${name}`}
      verb="Remove it"
      isDanger
      act={remove}
      run={() => remove.mutateAsync({ name })}
      told={() => `Channel ${name} is removed.`}
      button={{ "aria-label": `Remove channel ${name}` }}
    >
      <Text size="sm">
        Whoever asks for channel:{name} is refused from then on. VMs of the channel keep the image that they
        got.
      </Text>
    </Act>
  );
}
