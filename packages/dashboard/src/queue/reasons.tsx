import { Anchor, Collapse, List, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Explanation } from "@tartfleet/shared";
import { useId } from "react";
import { PageLink } from "../parts/links.tsx";
import { countText } from "../parts/text.ts";

/** What each group of hosts has against a VM that waits, and what would let it start; folded away at first. */
export function Reasons({ explanation: { details, waiting } }: { explanation: Explanation }) {
  const [isOpen, { toggle }] = useDisclosure(false);
  const id = useId();
  if (!waiting && details.length === 0) return null;
  return (
    <Stack gap={4} align="start">
      <Anchor
        component="button"
        type="button"
        size="sm"
        onClick={toggle}
        aria-expanded={isOpen}
        aria-controls={id}
      >
        {isOpen ? "Less" : "Why?"}
      </Anchor>
      <Collapse expanded={isOpen} id={id}>
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
                {waiting.hosts.groups.map(({ reason, hosts, names, text }) => (
                  <List.Item key={reason}>
                    {countText(hosts, "host")}: {text} (
                    {names.map((name, at) => (
                      <span key={name}>
                        {at > 0 && ", "}
                        <PageLink to="/hosts/$name" params={{ name }}>
                          {name}
                        </PageLink>
                      </span>
                    ))}
                    {hosts > names.length && " …"})
                  </List.Item>
                ))}
              </List>
            </>
          )}
        </Stack>
      </Collapse>
    </Stack>
  );
}
