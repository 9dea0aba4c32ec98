import { Alert, Button, Center, Code, Group, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useEffect, useRef, useState, type SubmitEvent } from "react";
import type { SessionState, Sessions } from "./session.ts";

/** Asks for a token; the browser keeps it as a cookie that no script can read. */
export function SignIn({ sessions, state }: { sessions: Sessions; state: SessionState }) {
  const [token, setToken] = useState("");
  const [refusal, setRefusal] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = "Sign in · tartfleet";
    field.current?.focus();
  }, []);

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    setBusy(true);
    setRefusal(await sessions.signIn(token));
    setBusy(false);
  }

  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper withBorder shadow="sm" p="xl" w="100%" maw={440}>
        <form onSubmit={(event) => void submit(event)}>
          <Stack>
            <Group gap="sm">
              <img src="/icon.svg" width={36} height={36} alt="" />
              <Title order={1} size="h3">
                tartfleet
              </Title>
            </Group>
            <Why state={state} retry={() => void sessions.look()} />
            <PasswordInput
              label="Token"
              description="Like tartfleet_…; it is kept in a cookie that no script can read"
              value={token}
              onChange={(event) => setToken(event.currentTarget.value)}
              error={refusal}
              ref={field}
              autoComplete="current-password"
              required
              withAsterisk={false}
              visibilityToggleButtonProps={{ "aria-label": "Show the token" }}
            />
            <Button type="submit" loading={isBusy} disabled={token.trim() === ""}>
              Sign in
            </Button>
            <Text size="sm" c="dimmed">
              A token of your own: <Code>tartfleet token create --role viewer --name NAME</Code>. The first
              one, an admin’s, is in the file <Code>admin-token</Code> of the control plane’s data folder.
            </Text>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}

function Why({ state, retry }: { state: SessionState; retry: () => void }) {
  if (state.kind === "silent") {
    return (
      <Alert color="orange" title="The control plane does not answer" role="alert">
        <Button size="xs" variant="default" onClick={retry}>
          Try again
        </Button>
      </Alert>
    );
  }
  if (state.kind !== "signed_out" || state.reason === null) return null;
  return (
    <Alert color="orange" role="alert">
      {state.reason}
    </Alert>
  );
}
