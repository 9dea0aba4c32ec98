import { Alert, Button, Code, CopyButton, Group, Modal, Stack, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";

/** A secret that nobody can ask for again. */
export function ShownOnce({
  title,
  secret,
  close,
  children,
}: {
  title: string;
  secret: string;
  close: () => void;
  /** What it is for, and that it is shown this once. */
  children: string;
}) {
  return (
    <Modal
      opened
      onClose={close}
      title={title}
      closeButtonProps={{ "aria-label": "Close" }}
      attributes={{ header: { role: "presentation" } }}
      closeOnClickOutside={false}
    >
      <Stack>
        <Alert color="yellow" icon={<IconKey aria-hidden />}>
          <Text size="sm">{children}</Text>
        </Alert>
        <Code block className="output">
          {secret}
        </Code>
        <Group justify="end">
          <CopyButton value={secret}>
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
