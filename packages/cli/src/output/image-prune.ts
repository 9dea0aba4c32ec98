import type { PrunedHost } from "@tartfleet/shared";
import type { Style } from "./style.ts";
import { table } from "./table.ts";
import { oneLine } from "./text.ts";
import { age } from "./time.ts";

type Image = PrunedHost["remove"][number] & { why?: string };

/** `image prune`: of each host what goes, with the room that makes, and what stays for what reason. */
export function pruneTable(hosts: readonly PrunedHost[], isDry: boolean, style: Style): string {
  const rows = hosts.flatMap(({ host, remove, keep }) =>
    [...remove, ...keep].map((image: Image) => ({ host, image })),
  );
  const goes = isDry ? "would go" : "goes";
  const images = table(
    rows,
    [
      { head: "HOST", text: ({ host }) => host },
      {
        head: "IMAGE",
        text: ({ image }) => oneLine(image.references[0] ?? "-"),
        cut: { from: "start", least: 20 },
      },
      { head: "SIZE", text: ({ image }) => `${image.sizeGiB.toFixed(1)} GiB`, align: "right" },
      { head: "USED", text: ({ image }) => age(image.lastUsedAt, style.now), spare: 1 },
      {
        head: "",
        text: ({ image }) => (image.why === undefined ? goes : `stays: ${oneLine(image.why)}`),
        paint: (text, { image }, colors) => (image.why === undefined ? colors.yellow(text) : text),
      },
    ],
    style,
  );
  const room = hosts.map(({ host, diskFreeGiB, diskTotalGiB, willBeFreeGiB, remove }) => {
    const then =
      remove.length === 0
        ? "nothing to remove"
        : `${willBeFreeGiB} GiB ${isDry ? "would be" : "will be"} free`;
    return `${host}: ${diskFreeGiB} of ${diskTotalGiB} GiB free; ${then}`;
  });
  return [...(rows.length > 0 ? [images, ""] : []), ...room].join("\n");
}
