import { Badge, Code, CopyButton, Button, Group, Paper, Stack, Text } from "@mantine/core";
import type { Finding } from "@tartfleet/shared";
import { Empty } from "../parts/page.tsx";

const WORST_FIRST: readonly Finding["state"][] = ["error", "warning", "unknown", "ok"];
const COLORS = { error: "red", warning: "yellow", unknown: "gray", ok: "green" };

/** What the doctor of a Mac found, worst first, each with the command that cures it. */
export function Findings({ findings }: { findings: readonly Finding[] | undefined }) {
  if (!findings)
    return (
      <Empty title="It has not looked yet">An agent looks after it has started, and now and then.</Empty>
    );
  const ill = findings
    .filter(({ state }) => state !== "ok")
    .sort((a, b) => WORST_FIRST.indexOf(a.state) - WORST_FIRST.indexOf(b.state));
  const well = findings.length - ill.length;
  return (
    <Stack gap="xs">
      {ill.map((finding) => (
        <Paper withBorder p="sm" key={finding.code}>
          <Group gap="xs" mb={4}>
            <Badge variant="light" color={COLORS[finding.state]}>
              {finding.state}
            </Badge>
            <Text size="sm" c="dimmed">
              {finding.code}
            </Text>
          </Group>
          <Text size="sm" className="break">
            {finding.message}
          </Text>
          {finding.cure !== null && <Cure cure={finding.cure} />}
        </Paper>
      ))}
      <Text size="sm" c="dimmed">
        {ill.length === 0
          ? `All ${well} things that it looks at are well.`
          : `${well} other things are well.`}
      </Text>
    </Stack>
  );
}

function Cure({ cure }: { cure: string }) {
  return (
    <Group gap="xs" mt={6} align="start" wrap="nowrap">
      <Code block flex={1} className="output">
        {cure}
      </Code>
      <CopyButton value={cure}>
        {({ copied, copy }) => (
          <Button size="compact-sm" variant="default" onClick={copy}>
            {copied ? "Copied" : "Copy"}
          </Button>
        )}
      </CopyButton>
    </Group>
  );
}
