import { Alert, Button, Center, Group, Loader, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useEffect, useRef, type ReactNode } from "react";

/**
 * A page with its heading, which takes the focus when one comes to it from another page: a screen reader says where
 * one is.
 */
export function Page({
  title,
  heading = title,
  aside,
  children,
}: {
  /** For the browser's title. */
  title: string;
  heading?: ReactNode;
  /** Beside the heading. */
  aside?: ReactNode;
  children: ReactNode;
}) {
  const at = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · tartfleet`;
  }, [title]);
  useEffect(() => at.current?.focus({ preventScroll: true }), []);
  return (
    <Stack gap="lg">
      <Group justify="space-between" align="center" gap="sm">
        <Title order={1} size="h2" tabIndex={-1} ref={at} className="heading">
          {heading}
        </Title>
        {aside}
      </Group>
      {children}
    </Stack>
  );
}

/** A part of a page with a heading of its own. */
export function Section({
  title,
  aside,
  children,
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <Stack component="section" gap="xs" aria-label={title}>
      <Group justify="space-between" align="end">
        <Title order={2} size="h4">
          {title}
        </Title>
        {aside}
      </Group>
      {children}
    </Stack>
  );
}

export function Waiting() {
  return (
    <Center py="xl" component="output">
      <Loader aria-label="Loading" />
    </Center>
  );
}

/** That there is nothing, and what would make something. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Stack gap={4} align="center" py="xl" className="empty">
      <Text fw={600}>{title}</Text>
      {children !== undefined && (
        <Text c="dimmed" size="sm" ta="center" maw="32rem">
          {children}
        </Text>
      )}
    </Stack>
  );
}

export function Failed({
  error,
  retry,
  children,
}: {
  error: { message: string };
  retry?: () => void;
  children?: ReactNode;
}) {
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title="That did not work" role="alert">
      <Stack gap="xs" align="start">
        <Text size="sm">{error.message}</Text>
        {children}
        {retry && (
          <Button size="xs" variant="default" onClick={retry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
