/** Where the commands of a block can be carried out, and so how they are checked. */
type Mark = "run" | "elsewhere" | "aws" | "mac";

/** Commands that a page tells its reader to type. */
export interface Block {
  /** Of its first command, counted from 1. */
  line: number;
  mark: Mark;
  text: string;
}

/** A file, or a part of one, that a page shows. */
interface Sample {
  line: number;
  language: string;
  text: string;
}

interface Page {
  blocks: Block[];
  samples: Sample[];
  /** What is wrong with the page itself. */
  mistakes: string[];
}

const MARK = /^<!-- checked: (?<mark>run|elsewhere|aws|mac) -->$/;
const FENCE = /^```(?<language>\S*)$/;
/** Languages whose blocks are no commands. The one without a name is what a command prints. */
const SAMPLES = new Set(["", "json", "yaml", "xml"]);

/**
 * Takes a from-zero page apart. A block of commands begins with a line ```` ```sh ````, and what stands before that is its
 * mark, which nobody sees in the rendered page: `<!-- checked: run -->` is carried out by a test, against a
 * simulated fleet; what `<!-- checked: elsewhere -->` stands before is shown by a test of its own; `<!-- checked: aws -->` needs an AWS account, and `<!-- checked: mac -->` a Mac.
 */
export function readPage(markdown: string): Page {
  const page: Page = { blocks: [], samples: [], mistakes: [] };
  const lines = markdown.split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    const language = FENCE.exec(lines[at] ?? "")?.groups?.["language"];
    if (language === undefined) continue;
    const end = lines.indexOf("```", at + 1);
    if (end === -1) {
      page.mistakes.push(`line ${at + 1}: a block without an end`);
      break;
    }
    const line = at + 2;
    const text = lines.slice(at + 1, end).join("\n");
    const before = lines.slice(0, at).findLast((other) => other !== "");
    const mark = MARK.exec(before ?? "")?.groups?.["mark"] as Mark | undefined;
    if (language !== "sh") {
      page.samples.push({ line, language, text });
      if (!SAMPLES.has(language))
        page.mistakes.push(`line ${at + 1}: ${language} is not checked by anything`);
    } else if (mark === undefined) {
      page.mistakes.push(
        `line ${at + 1}: commands without a mark <!-- checked: run|elsewhere|aws|mac --> before them`,
      );
    } else {
      page.blocks.push({ line, mark, text });
    }
    at = end;
  }
  return page;
}

/** A script of these blocks, in the shell of a reader who stops at the first failure. */
export function scriptOf(blocks: readonly Block[]): string {
  const parts = blocks.map(({ line, text }) => `export PAGE_LINE=${line}\n${text}\n`);
  return `set -euo pipefail\n${parts.join("\n")}`;
}
