import { Badge, Stack, Text } from "@mantine/core";
import type { PrunedHost } from "@tartfleet/shared";
import { Rows, type Column } from "../parts/rows.tsx";
import { imageText } from "../parts/text.ts";
import { Ago } from "../parts/time.tsx";

interface Row {
  host: string;
  image: PrunedHost["remove"][number];
  /** Of what stays. */
  why?: string;
}

/** Nobody reads more. */
const MOST = 200;

const COLUMNS: readonly Column<Row>[] = [
  { head: "Host", cell: ({ host }) => host },
  {
    head: "Image",
    cell: ({ image }) => (
      <span className="break" title={image.references.join(", ")}>
        {imageText(image.references[0] ?? "without a name")}
      </span>
    ),
  },
  { head: "Size", cell: ({ image }) => `${image.sizeGiB.toFixed(1)} GiB`, isNumber: true },
  {
    head: "Used",
    cell: ({ image }) => (image.lastUsedAt === null ? "not known" : <Ago at={image.lastUsedAt} />),
  },
  {
    head: "Then",
    cell: ({ why }) =>
      why === undefined ? <Badge color="red">goes</Badge> : <Text size="sm">stays: {why}</Text>,
  },
];

/** What would go from each host, with the room that makes, and what would stay for which reason. */
export function Pruned({ hosts }: { hosts: readonly PrunedHost[] }) {
  const rows = hosts.flatMap(({ host, remove, keep }): Row[] => [
    ...remove.map((image) => ({ host, image })),
    ...keep.map(({ why, ...image }) => ({ host, image, why })),
  ]);
  const hidden = rows.length - MOST;
  return (
    <Stack gap="xs" role="status">
      {hosts.length === 0 && (
        <Text fw={600}>No host is connected whose agent can be told to remove images.</Text>
      )}
      {hosts.slice(0, MOST).map(({ host, diskFreeGiB, diskTotalGiB, willBeFreeGiB, remove }) => (
        <Text key={host} size="sm">
          <b>{host}</b>: {diskFreeGiB} of {diskTotalGiB} GiB are free;{" "}
          {remove.length === 0 ? "nothing would go" : `${willBeFreeGiB} GiB would be`}.
        </Text>
      ))}
      {rows.length > 0 && (
        <Rows
          label="What would go and what would stay"
          rows={rows.slice(0, MOST)}
          keyOf={({ host, image }) => `${host} ${image.digest} ${image.references.join(" ")}`}
          columns={COLUMNS}
        />
      )}
      {hidden > 0 && <Text size="sm">and {hidden.toLocaleString("en")} more.</Text>}
    </Stack>
  );
}
