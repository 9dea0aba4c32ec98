import { Button, Table, VisuallyHidden } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { Page } from "../parts/page.tsx";
import { CreateModal } from "./create-modal.tsx";
import { TokenRow } from "./token-row.tsx";

/** Who may call the control plane, as whom, until when. */
export function TokensPage() {
  const tokens = useQuery(useTRPC().tokens.list.queryOptions());
  const [isNew, setNew] = useState(false);
  return (
    <Page title="Tokens" aside={<Button onClick={() => setNew(true)}>New token</Button>}>
      <Answer of={tokens}>
        {(list) => (
          <Table.ScrollContainer minWidth={820} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
            <Table aria-label="Tokens" verticalSpacing={6}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Name</Table.Th>
                  <Table.Th>Role</Table.Th>
                  <Table.Th>Team</Table.Th>
                  <Table.Th>Used</Table.Th>
                  <Table.Th>Ends</Table.Th>
                  <Table.Th>
                    <VisuallyHidden>What may be done</VisuallyHidden>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {list.map((token) => (
                  <TokenRow key={token.id} token={token} />
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
      </Answer>
      {isNew && <CreateModal close={() => setNew(false)} />}
    </Page>
  );
}
