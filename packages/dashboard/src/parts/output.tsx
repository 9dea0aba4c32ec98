import { Code, Stack, Text } from "@mantine/core";

/** What a machine said, as it said it; it scrolls by itself, also by keyboard. */
export function Output({ title, text }: { title: string; text: string }) {
  return (
    <Stack gap={4}>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <Code block mah={320} tabIndex={0} role="group" aria-label={title} className="output">
        {text === "" ? "(nothing)" : text}
      </Code>
    </Stack>
  );
}
