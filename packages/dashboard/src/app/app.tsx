import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { Linked } from "../link/linked.tsx";
import { useStore } from "../parts/store.ts";
import type { Sessions } from "../session/session.ts";
import { SignIn } from "../session/sign-in.tsx";
import { SessionContext } from "../session/use-session.ts";
import { makeRouter } from "./router.tsx";
import { theme, variables } from "./theme.ts";

/** The page's address stays as it is while one signs in: one is where one was. */
export function App({ sessions }: { sessions: Sessions }) {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <Notifications position="bottom-right" />
      <Gate sessions={sessions} />
    </MantineProvider>
  );
}

function Gate({ sessions }: { sessions: Sessions }) {
  const state = useStore(sessions);
  const router = useMemo(() => makeRouter(sessions), [sessions]);
  useEffect(() => void sessions.look(), [sessions]);

  if (state.kind === "unknown") return null;
  if (state.kind !== "signed_in") return <SignIn sessions={sessions} state={state} />;
  return (
    <SessionContext value={state.session}>
      <Linked sessions={sessions}>
        <RouterProvider router={router} />
      </Linked>
    </SessionContext>
  );
}
