/** The terminal's other screen, without cursor and without wrapping; what was there before comes back at the end. */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";
/** A terminal that knows these shows the picture at once, and no half of it. */
const BEGIN = "\u001b[?2026h\u001b[H";
const END = "\u001b[J\u001b[?2026l";
const CLEAR_LINE = "\u001b[K";

export interface Size {
  columns: number;
  rows: number;
}

export interface FullScreen {
  size(): Size;
  /** Shows the lines from the top; those beyond the last row are left out. */
  draw(lines: readonly string[]): void;
  onResize(call: () => void): void;
  close(): void;
}

/** Takes the terminal over until it is closed, or the process ends in whatever way lets it say so. */
export function openFullScreen(stdout: NodeJS.WriteStream): FullScreen {
  const listeners: (() => void)[] = [];
  let isOpen = true;
  const restore = () => {
    if (isOpen) stdout.write(LEAVE);
    isOpen = false;
  };
  process.once("exit", restore);
  stdout.write(ENTER);
  const size = () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 });
  return {
    size,
    draw(lines) {
      if (!isOpen) return;
      const shown = lines.slice(0, size().rows).map((line) => `${line}${CLEAR_LINE}`);
      stdout.write(`${BEGIN}${shown.join("\r\n")}${END}`);
    },
    onResize(call) {
      listeners.push(call);
      stdout.on("resize", call);
    },
    close() {
      for (const listener of listeners) stdout.off("resize", listener);
      process.off("exit", restore);
      restore();
    },
  };
}
