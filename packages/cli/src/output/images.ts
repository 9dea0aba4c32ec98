import type { ImageRecord } from "@tartfleet/shared";
import type { Style } from "./style.ts";
import { table } from "./table.ts";
import { bytesText, oneLine } from "./text.ts";
import { durationText } from "./time.ts";

const SHORT = "sha256:".length + 12;

/** As much of a digest as tells images apart for a reader. */
export function shortDigest(digest: string): string {
  return digest.slice(0, SHORT);
}

interface Row {
  image: ImageRecord;
  digest: string | null;
  hosts: string[];
}

/** `image list`: a line for each digest that a name stands for, so that one that differs is seen. */
export function imageTable(images: readonly ImageRecord[], style: Style): string {
  const rows = images.flatMap((image): Row[] =>
    image.digests.length === 0
      ? [{ image, digest: null, hosts: [] }]
      : image.digests.map((part) => ({ image, ...part })),
  );
  return table(
    rows,
    [
      { head: "IMAGE", text: ({ image }) => oneLine(image.reference), cut: { from: "start", least: 20 } },
      {
        head: "DIGEST",
        text: ({ image, digest }) =>
          `${digest === null ? "unknown" : shortDigest(digest)}${image.isMixed ? " (differs)" : ""}`,
        paint: (text, { image }, colors) => (image.isMixed ? colors.yellow(text) : text),
      },
      { head: "HOSTS", text: ({ hosts }) => String(hosts.length), align: "right" },
      { head: "SIZE", text: ({ image }) => `${image.sizeGiB.toFixed(1)} GiB`, align: "right" },
      { head: "BOOT", text: ({ image }) => bootText(image.times), align: "right", spare: 2 },
      { head: "ON", text: ({ hosts }) => hosts.join(", "), cut: { from: "end", least: 8 }, spare: 1 },
      ...(images.some(({ pulling }) => pulling.length > 0)
        ? [{ head: "PULLING", text: ({ image }: Row) => pullingText(image.pulling) }]
        : []),
    ],
    style,
  );
}

/** `41s, p95 58s`: how long its guests take until they answer. */
function bootText(times: ImageRecord["times"]): string {
  const boot = times.find(({ phase }) => phase === "booting");
  if (!boot) return "-";
  return `${durationText(boot.p50Seconds * 1000)}, p95 ${durationText(boot.p95Seconds * 1000)}`;
}

/** `mac-3 42% of 25.4 GB, mac-4 0%`. */
function pullingText(pulling: ImageRecord["pulling"]): string {
  const parts = pulling.map(({ host, percent, totalBytes }) => {
    const total = totalBytes === null ? "" : ` of ${bytesText(totalBytes)}`;
    return `${oneLine(host)} ${percent}%${total}`;
  });
  return parts.join(", ") || "-";
}
