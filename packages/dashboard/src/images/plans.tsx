import { Badge, Group, List, Progress, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ImagePlanRecord, ImageRecord } from "@tartfleet/shared";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { PageLink } from "../parts/links.tsx";
import { Empty, Section } from "../parts/page.tsx";
import { Rows, type Column } from "../parts/rows.tsx";
import { imageText, labelTexts } from "../parts/text.ts";
import { Ago } from "../parts/time.tsx";
import { useMay } from "../session/use-session.ts";
import { EndPlan, MakePlan } from "./plan-acts.tsx";
import { KIND_WORDS, planPercent, planText } from "./plan-words.ts";

const COLUMNS: readonly Column<ImagePlanRecord>[] = [
  {
    head: "Image",
    cell: ({ image }) => (
      <PageLink to="/images/$reference" params={{ reference: image }} className="break" title={image}>
        {imageText(image)}
      </PageLink>
    ),
  },
  {
    head: "Kind",
    cell: ({ kind }) => (
      <Badge variant="default" miw="max-content">
        {KIND_WORDS[kind]}
      </Badge>
    ),
  },
  { head: "Hosts", cell: ({ hostLabels }) => labelTexts(hostLabels).join(", ") || "all" },
  { head: "State", cell: (plan) => <State plan={plan} /> },
  { head: "Wanted by", cell: (plan) => <By plan={plan} /> },
];

const ENDING: Column<ImagePlanRecord> = {
  head: "",
  cell: (plan) => (plan.outcome === null && plan.kind !== "channel" ? <EndPlan plan={plan} /> : null),
};

/** What hosts are to fetch before VMs need it, and what they are to keep. */
export function Plans({ images }: { images: readonly ImageRecord[] }) {
  const trpc = useTRPC();
  const plans = useQuery(trpc.images.plans.queryOptions());
  const mayManage = useMay("image.manage");
  return (
    <Section
      title="Pre-pulls and pins"
      aside={mayManage && <MakePlan known={images.map(({ reference }) => reference)} />}
    >
      <Answer of={plans}>
        {(data) =>
          data.length === 0 ? (
            <Empty title="No image is pre-pulled or pinned">
              A pre-pull fetches an image onto hosts before VMs need it; a pin keeps it there.
            </Empty>
          ) : (
            <Rows
              label="Pre-pulls and pins"
              rows={data}
              keyOf={({ id }) => id}
              toneOf={({ outcome }) => (outcome === null ? undefined : "dim")}
              columns={mayManage ? [...COLUMNS, ENDING] : COLUMNS}
            />
          )
        }
      </Answer>
    </Section>
  );
}

function State({ plan }: { plan: ImagePlanRecord }) {
  const { progress, endedAt } = plan;
  return (
    <Stack gap={4} maw={420}>
      <Text size="sm">
        {planText(plan)}
        {endedAt !== null && (
          <>
            {" "}
            (<Ago at={endedAt} />)
          </>
        )}
      </Text>
      {progress && progress.there < progress.hosts && (
        <Progress value={planPercent(plan)} aria-label={`How far ${imageText(plan.image)} is on its hosts`} />
      )}
      {progress && progress.problems.length > 0 && (
        <List size="sm">
          {progress.problems.map(({ host, code, message, retryAt }) => (
            <List.Item key={host}>
              <Group gap={6} component="span">
                <PageLink to="/hosts/$name" params={{ name: host }}>
                  {host}
                </PageLink>
                <Badge variant="light" color="red">
                  {code}
                </Badge>
              </Group>
              {message}
              {retryAt !== null && (
                <>
                  {" "}
                  Tried again <Ago at={retryAt} />.
                </>
              )}
            </List.Item>
          ))}
        </List>
      )}
    </Stack>
  );
}

function By({ plan: { by, reason, createdAt } }: { plan: ImagePlanRecord }) {
  return (
    <Text size="sm">
      {by}, <Ago at={createdAt} />
      {reason !== null && (
        <>
          <br />
          {reason}
        </>
      )}
    </Text>
  );
}
