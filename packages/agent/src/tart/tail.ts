import { open } from "node:fs/promises";

/** The last whole lines of a text, at most `max` characters of them. */
export function lastLines(text: string, max: number): string {
  const trimmed = text.trimEnd();
  if (trimmed.length <= max) return trimmed;
  const tail = trimmed.slice(-max);
  const firstBreak = tail.indexOf("\n");
  return firstBreak === -1 ? tail : tail.slice(firstBreak + 1);
}

/** The last `bytes` bytes of a file as text; "" when it does not exist. */
export async function readTail(path: string, bytes: number): Promise<string> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!file) return "";
  try {
    const { size } = await file.stat();
    const length = Math.min(size, bytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead).toString("utf8");
  } finally {
    await file.close();
  }
}
