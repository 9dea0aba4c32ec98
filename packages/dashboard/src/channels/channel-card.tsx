import { Badge, Group, Paper, Stack, Text, Timeline } from "@mantine/core";
import type { ChannelDecision, ChannelRecord, ImageRecord } from "@tartfleet/shared";
import { Fold } from "../parts/fold.tsx";
import { PageLink } from "../parts/links.tsx";
import { imageText } from "../parts/text.ts";
import { Ago } from "../parts/time.tsx";
import { useMay } from "../session/use-session.ts";
import { RemoveChannel, RollBack, RollOut, SetChannel } from "./channel-acts.tsx";
import { Rollout } from "./rollout.tsx";

/** What a channel stands for, what it is being moved to, and why. */
export function ChannelCard({ channel, images }: { channel: ChannelRecord; images: readonly ImageRecord[] }) {
  const { name, image, rollout, decisions } = channel;
  const mayManage = useMay("channel.manage");
  const known = images.map(({ reference }) => reference);
  return (
    <Paper withBorder p="md" component="article" aria-label={`Channel ${name}`}>
      <Stack gap="sm">
        <Group justify="space-between" gap="xs" align="start">
          <div>
            <Text fw={600} className="break">
              {name}
            </Text>
            <Text size="sm" className="break">
              VMs get{" "}
              <PageLink
                to="/images/$reference"
                params={{ reference: image }}
                underline="always"
                title={image}
              >
                {imageText(image)}
              </PageLink>
            </Text>
          </div>
          {rollout && <Badge>roll-out at {rollout.percent} %</Badge>}
        </Group>
        {rollout && <Rollout image={image} rollout={rollout} images={images} />}
        {mayManage && (
          <Group gap="xs">
            {rollout ? <RollBack channel={channel} /> : <RollOut channel={channel} known={known} />}
            <SetChannel channel={channel} known={known} />
            <RemoveChannel channel={channel} />
          </Group>
        )}
        <Decisions decisions={decisions} />
      </Stack>
    </Paper>
  );
}

const DECISION_WORDS: Readonly<Record<ChannelDecision["kind"], string>> = {
  set: "Set",
  rollout: "Roll-out began",
  step: "Went on",
  completed: "Rolled out",
  rolled_back: "Rolled back",
};

/** The newest says why things are as they are; the others are folded away. */
function Decisions({ decisions }: { decisions: readonly ChannelDecision[] }) {
  const [newest, ...others] = decisions;
  if (!newest) return null;
  return (
    <Stack gap="xs" align="start">
      <Decision decision={newest} />
      {others.length > 0 && (
        <Fold more="What was decided before" less="Less">
          <Timeline bulletSize={12} lineWidth={2}>
            {others.map((decision) => (
              <Timeline.Item key={`${decision.at} ${decision.kind}`}>
                <Decision decision={decision} />
              </Timeline.Item>
            ))}
          </Timeline>
        </Fold>
      )}
    </Stack>
  );
}

function Decision({ decision: { at, kind, by, image, percent, why } }: { decision: ChannelDecision }) {
  return (
    <Text size="sm" className="break">
      <b>
        {DECISION_WORDS[kind]}
        {kind === "step" && ` to ${percent} %`}
      </b>{" "}
      <Ago at={at} /> by {by}: {imageText(image)}
      <br />
      <Text span size="sm" c="dimmed">
        {why}
      </Text>
    </Text>
  );
}
