import { Table, Text } from "@mantine/core";
import type { VmSummary } from "@tartfleet/shared";
import { PageLink } from "../parts/links.tsx";
import { StateBadge } from "../parts/state-badge.tsx";
import { imageText } from "../parts/text.ts";
import { Ago } from "../parts/time.tsx";

/** VMs, a row each. */
export function VmTable({ vms, label }: { vms: readonly VmSummary[]; label: string }) {
  return (
    <Table.ScrollContainer minWidth={720} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table aria-label={label} highlightOnHover verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>VM</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th>Team</Table.Th>
            <Table.Th>Image</Table.Th>
            <Table.Th>Host</Table.Th>
            <Table.Th>Created</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {vms.map((vm) => (
            <Table.Tr key={vm.id}>
              <Table.Td className="break">
                <PageLink to="/vms/$id" params={{ id: vm.id }}>
                  {vm.name}
                </PageLink>
              </Table.Td>
              <Table.Td>
                <StateBadge vm={vm} />
                <Text size="xs" c="dimmed">
                  {whatCameOfIt(vm)}
                </Text>
              </Table.Td>
              <Table.Td>{vm.team || "–"}</Table.Td>
              <Table.Td title={vm.image} className="break">
                {imageText(vm.image)}
              </Table.Td>
              <Table.Td>
                {vm.host === null ? (
                  "–"
                ) : (
                  <PageLink to="/hosts/$name" params={{ name: vm.host }}>
                    {vm.host}
                  </PageLink>
                )}
              </Table.Td>
              <Table.Td>
                <Ago at={vm.createdAt} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** Why it failed, or that its script did; nothing where all went well. */
function whatCameOfIt({ state, end, scriptResult }: VmSummary): string | null {
  if (state === "failed") return end?.error?.code ?? end?.reason ?? null;
  const code = scriptResult?.exitCode ?? 0;
  return code === 0 ? null : `its script’s exit code is ${code}`;
}
