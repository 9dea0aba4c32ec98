import { Progress, Stack, Table, Text } from "@mantine/core";
import type { HostFacts } from "@tartfleet/shared";
import { Empty } from "../parts/page.tsx";
import { bytesText } from "../parts/text.ts";
import { Ago } from "../parts/time.tsx";

/** What a Mac has in its cache, and what it fetches. */
export function HostImages({ facts: { images, pulls } }: { facts: HostFacts }) {
  return (
    <Stack gap="xs">
      {pulls?.map(({ reference, percent, totalBytes }) => (
        <div key={reference}>
          <Text size="sm" className="break">
            Fetching {reference}: {percent} %{totalBytes !== undefined && ` of ${bytesText(totalBytes)}`}
          </Text>
          <Progress value={percent} aria-label={`Pull of ${reference}`} />
        </div>
      ))}
      {images.length === 0 ? (
        <Empty title="It has no images">A VM’s image is fetched when it is placed here.</Empty>
      ) : (
        <Table.ScrollContainer minWidth={560} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
          <Table aria-label="Images" verticalSpacing={6}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Image</Table.Th>
                <Table.Th>Size</Table.Th>
                <Table.Th>Used</Table.Th>
                <Table.Th>Digest</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {images.map(({ reference, sizeGiB, digest, lastUsedAt }) => (
                <Table.Tr key={reference}>
                  <Table.Td className="break">{reference}</Table.Td>
                  <Table.Td className="numbers">{sizeGiB.toFixed(1)} GiB</Table.Td>
                  <Table.Td>{lastUsedAt === undefined ? "not known" : <Ago at={lastUsedAt} />}</Table.Td>
                  <Table.Td title={digest}>{digest?.slice(0, 19) ?? "not known"}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Stack>
  );
}
