import { Alert, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { AttemptError } from "@tartfleet/shared";
import { Facts } from "../parts/facts.tsx";
import { Output } from "../parts/output.tsx";
import { factsOf } from "../parts/vm-words.ts";

/** Why an attempt failed: what to do about it, and all that was seen there. */
export function AttemptFailure({ error }: { error: AttemptError }) {
  const { short, long } = factsOf(error);
  return (
    <Alert
      color="red"
      mt="xs"
      icon={<IconAlertTriangle aria-hidden />}
      title={<span className="break">{error.code}</span>}
    >
      <Stack gap="xs">
        <Text size="sm" className="break">
          {error.message}
        </Text>
        {short.length > 0 && <Facts label="What was seen" rows={short} />}
        {long.map(([name, text]) => (
          <Output key={name} title={name} text={text} />
        ))}
      </Stack>
    </Alert>
  );
}
