import { emitKeypressEvents } from "node:readline";
import { setInterval } from "node:timers";
import type { Client } from "../api/client.ts";
import type { Waiting } from "../api/plane.ts";
import type { Context } from "../context.ts";
import { openFullScreen } from "../screen/full-screen.ts";
import { exitCodeOf, untilAborted, withStop } from "../stop.ts";
import { told, type Fleet } from "./board.ts";
import { draw, type Look, type Picture } from "./draw.ts";
import { pressed, type Key } from "./keys.ts";

/** Ages and the clock go on while nothing happens. */
const AGEING_MS = 1000;

/** The fleet on the whole terminal, as it changes, until a key or a signal ends it. */
export async function runTop(connect: (waiting: Waiting) => Client, context: Context): Promise<void> {
  const { stdin, stdout } = context;
  const screen = openFullScreen(stdout);
  let fleet: Fleet | undefined;
  let look: Look = { filter: "", isTyping: false, scroll: 0, trouble: undefined };
  let picture: Picture = { lines: [], matrixRows: 0, page: 1 };
  const redraw = () => {
    picture = draw(fleet, look, screen.size(), context.out.style());
    screen.draw(picture.lines);
  };
  const quit = new AbortController();
  let isInterrupted = false;
  const onKey = (_text: string | undefined, key: Key) => {
    const next = pressed(look, key, picture);
    if ("exit" in next) {
      isInterrupted = next.exit === "interrupt";
      quit.abort();
      return;
    }
    look = next;
    redraw();
  };
  const trouble = (why: string | undefined) => {
    look = { ...look, trouble: why };
    redraw();
  };

  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdin.on("keypress", onKey);
  stdin.resume();
  screen.onResize(redraw);
  const ageing = setInterval(redraw, AGEING_MS);
  try {
    redraw();
    const cause = await withStop({ timeoutSeconds: undefined, interrupts: true }, async (stop) => {
      const signal = AbortSignal.any([stop.signal, quit.signal]);
      const client = connect({
        retryForMs: Number.POSITIVE_INFINITY,
        onLost: ({ message }) => trouble(`${message}; trying again…`),
        onBack: () => trouble(undefined),
        signal,
      });
      await untilAborted(signal, async () => {
        for await (const board of client.watchBoard()) {
          fleet = told(fleet, board);
          redraw();
        }
      });
      return stop.cause();
    });
    if (isInterrupted) context.exitWith(exitCodeOf("SIGINT"));
    else if (cause !== undefined && cause !== "timeout") context.exitWith(exitCodeOf(cause));
  } finally {
    clearInterval(ageing);
    stdin.off("keypress", onKey);
    stdin.setRawMode(false);
    stdin.pause();
    screen.close();
  }
}
