import { setInterval } from "node:timers";
import type { Topic } from "@tartfleet/shared";
import { Option } from "commander";
import type { Client } from "../api/client.ts";
import type { Context } from "../context.ts";
import { clockTime } from "../output/time.ts";
import type { Style } from "../output/style.ts";
import { openFullScreen } from "../screen/full-screen.ts";
import { exitCodeOf, untilAborted, withStop } from "../stop.ts";
import { connect, note, reply, type GlobalFlags } from "./common.ts";

export interface WatchFlags extends GlobalFlags {
  watch?: true;
}

/** What a command has to show; `empty` is said to people where there is nothing. */
export interface View {
  document: unknown;
  text: (style: Style) => string;
  empty?: string | undefined;
  /** Is said to people beside it. */
  remark?: string | undefined;
}

/** For ages like `3m ago`, which change by themselves. */
const AGEING_MS = 1000;

export function watchOption(): Option {
  return new Option(
    "--watch",
    "show it again whenever it changes, until Ctrl-C; with --json one line each time",
  );
}

/**
 * Shows what `read` says, once; with --watch again whenever the control plane says that one of the topics has changed:
 * in place on a terminal, one after the other elsewhere.
 */
export async function present(
  context: Context,
  flags: WatchFlags,
  topics: readonly Topic[],
  read: (client: Client) => Promise<View>,
): Promise<void> {
  if (flags.watch) return watch(context, flags, topics, read);
  const view = await read(connect(flags, context));
  if (view.empty !== undefined && !flags.json) return note(context, view.empty);
  reply(context, flags, view.document, view.text);
  if (view.remark !== undefined && !flags.json) note(context, view.remark);
}

async function watch(
  context: Context,
  flags: GlobalFlags,
  topics: readonly Topic[],
  read: (client: Client) => Promise<View>,
): Promise<void> {
  const shower = flags.json ? lines(context) : context.stdout.isTTY ? inPlace(context) : texts(context);
  try {
    const cause = await withStop({ timeoutSeconds: undefined, interrupts: true }, async (stop) => {
      const { signal } = stop;
      const client = connect(flags, context, {
        retryForMs: Number.POSITIVE_INFINITY,
        onLost: ({ message }) => shower.trouble(`${message}; trying again…`),
        onBack: () => shower.trouble(undefined),
        signal,
      });
      await untilAborted(signal, async () => {
        const changes = client.watchTopics(topics);
        while ((await changes.next()).done === false) shower.show(await read(client));
      });
      return stop.cause();
    });
    if (cause !== undefined && cause !== "timeout") context.exitWith(exitCodeOf(cause));
  } finally {
    shower.close();
  }
}

interface Shower {
  show(view: View): void;
  trouble(why: string | undefined): void;
  close(): void;
}

/** One JSON document a line. */
function lines(context: Context): Shower {
  return eachOnce(context, ({ document }) => JSON.stringify(document));
}

/** For a pipe or a file. */
function texts(context: Context): Shower {
  return eachOnce(context, (view) => `${view.empty ?? view.text(context.out.style())}\n`);
}

/** What is as it was is not said again. */
function eachOnce(context: Context, textOf: (view: View) => string): Shower {
  let last: string | undefined;
  return {
    show(view) {
      const text = textOf(view);
      if (text !== last) context.out.write(`${text}\n`);
      last = text;
    },
    trouble: (why) => note(context, why ?? "The control plane answers again."),
    close() {},
  };
}

function inPlace(context: Context): Shower {
  const screen = openFullScreen(context.stdout);
  let view: View | undefined;
  let why: string | undefined;
  const draw = () => {
    const style = context.out.style();
    const { dim, red } = style.colors;
    const at = clockTime(new Date(context.now()).toISOString());
    const head = why === undefined ? dim(`${at}  Ctrl-C ends it`) : red(why);
    const text = view === undefined ? [] : (view.empty ?? view.text(style)).split("\n");
    const room = screen.size().rows - 2;
    const more = text.length - room;
    const shown = more > 0 ? [...text.slice(0, room - 1), dim(`… ${more + 1} more lines`)] : text;
    screen.draw([head, "", ...shown]);
  };
  const ageing = setInterval(draw, AGEING_MS);
  screen.onResize(draw);
  return {
    show(next) {
      view = next;
      draw();
    },
    trouble(text) {
      why = text;
      draw();
    },
    close() {
      clearInterval(ageing);
      screen.close();
    },
  };
}
