import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./app/styles.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/app.tsx";
import { makeSessions } from "./session/session.ts";

const root = document.getElementById("root");
if (!root) throw new Error("the page has no place for the dashboard");
createRoot(root).render(
  <StrictMode>
    <App sessions={makeSessions((input, init) => fetch(input, init))} />
  </StrictMode>,
);
