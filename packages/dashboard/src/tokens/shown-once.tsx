import { Alert, Button, Code, CopyButton, Group, Modal, Stack, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";

/** A secret that nobody can ask for again. */
export function ShownOnce({ name, token, close }: { name: string; token: string; close: () => void }) {
  return (
    <Modal
      opened
      onClose={close}
      title={`The token ${name}`}
      closeButtonProps={{ "aria-label": "Close" }}
      closeOnClickOutside={false}
    >
      <Stack>
        <Alert color="yellow" icon={<IconKey aria-hidden />}>
          <Text size="sm">It is shown this once: only its hash is kept. Put it where it is used now.</Text>
        </Alert>
        <Code block className="output">
          {token}
        </Code>
        <Group justify="end">
          <CopyButton value={token}>
            {({ copied, copy }) => (
              <Button variant="default" onClick={copy}>
                {copied ? "Copied" : "Copy"}
              </Button>
            )}
          </CopyButton>
          <Button onClick={close}>I have it</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
