import { List, Stack, Text } from "@mantine/core";
import type { Explanation } from "@tartfleet/shared";
import { Fold } from "../parts/fold.tsx";
import { PageLink } from "../parts/links.tsx";
import { countText } from "../parts/text.ts";

/** What each group of hosts has against a VM that waits, and what would let it start; folded away at first. */
export function Reasons({ explanation: { details, waiting } }: { explanation: Explanation }) {
  if (!waiting && details.length === 0) return null;
  return (
    <Fold more="Why?" less="Less">
      <Stack gap={4}>
        {details.map((detail) => (
          <Text key={detail} size="sm">
            {detail}
          </Text>
        ))}
        {waiting && (
          <>
            <Text size="sm">{waiting.unblock.text}</Text>
            <List size="sm">
              {waiting.hosts.groups.map((group) => (
                <List.Item key={group.reason}>
                  {countText(group.hosts, "host")}: {group.text} (<Names of={group} />)
                </List.Item>
              ))}
            </List>
          </>
        )}
      </Stack>
    </Fold>
  );
}

type Group = NonNullable<Explanation["waiting"]>["hosts"]["groups"][number];

function Names({ of: { names, hosts } }: { of: Group }) {
  return (
    <>
      {names.map((name, at) => (
        <span key={name}>
          {at > 0 && ", "}
          <PageLink to="/hosts/$name" params={{ name }}>
            {name}
          </PageLink>
        </span>
      ))}
      {hosts > names.length && " …"}
    </>
  );
}
