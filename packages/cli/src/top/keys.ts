import type { Look, Picture } from "./draw.ts";

/** A key as node's readline tells it. */
export interface Key {
  name?: string | undefined;
  ctrl?: boolean | undefined;
  meta?: boolean | undefined;
  sequence?: string | undefined;
}

const LONGEST_FILTER = 80;

/** What a key does: another look, or the end and by which exit code. */
export function pressed(
  look: Look,
  { name, ctrl, meta, sequence = "" }: Key,
  { matrixRows, page }: Pick<Picture, "matrixRows" | "page">,
): Look | { exit: "quit" | "interrupt" } {
  if (ctrl && name === "c") return { exit: "interrupt" };
  if (look.isTyping) return typed(look, { name, ctrl, meta, sequence });
  const scrollTo = (row: number): Look => ({
    ...look,
    scroll: Math.max(0, Math.min(row, matrixRows - page)),
  });
  switch (name ?? sequence) {
    case "q":
      return { exit: "quit" };
    case "/":
      return { ...look, isTyping: true };
    case "escape":
      return { ...look, filter: "", scroll: 0 };
    case "up":
    case "k":
      return scrollTo(look.scroll - 1);
    case "down":
    case "j":
      return scrollTo(look.scroll + 1);
    case "pageup":
      return scrollTo(look.scroll - page);
    case "pagedown":
    case "space":
      return scrollTo(look.scroll + page);
    case "home":
      return scrollTo(0);
    case "end":
      return scrollTo(matrixRows);
    default:
      return look;
  }
}

function typed(look: Look, { name, ctrl, meta, sequence = "" }: Key): Look {
  if (name === "return" || name === "enter") return { ...look, isTyping: false };
  if (name === "escape") return { ...look, isTyping: false, filter: "", scroll: 0 };
  if (name === "backspace")
    return { ...look, filter: Array.from(look.filter).slice(0, -1).join(""), scroll: 0 };
  const isText = !ctrl && !meta && /^[^\p{C}]$/u.test(sequence);
  return isText ? { ...look, filter: `${look.filter}${sequence}`.slice(0, LONGEST_FILTER), scroll: 0 } : look;
}
