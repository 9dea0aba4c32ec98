/** Whether a pattern stands for an image: `*` is anything but a slash, `**` anything. */
export function matchesImage(pattern: string, image: string): boolean {
  const parts = pattern.split(/(\*{1,2})/).map((part) => {
    if (part === "**") return ".*";
    return part === "*" ? "[^/]*" : part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return new RegExp(`^${parts.join("")}$`).test(image);
}
