import { z } from "zod";
import { ImagesError } from "../images-error.ts";
import { type HclFile, parseHcl, readHclFiles } from "./read.ts";

const BUILD = /^\d{2}[A-Z]\d{1,4}[a-z]?$/;

/** What a variable file says about one release of macOS. */
const releaseSchema = z.object({
  release: z.string().regex(/^[a-z]+(-[a-z]+)*$/, "small letters and single dashes"),
  macos_version: z.string().regex(/^\d{2}(\.\d+){1,2}$/, "like 26.5 or 15.6.1"),
  macos_build: z.string().regex(BUILD, "like 25F71"),
  ipsw_url: z.url({ protocol: /^https$/, hostname: /^updates\.cdn-apple\.com$/ }),
  ipsw_sha256: z
    .string()
    .regex(/^([0-9a-f]{64})?$/, "64 hex digits, or empty")
    .default(""),
  disk_format: z.enum(["raw", "asif"]).default("raw"),
  run_extra_args: z.array(z.string()).default([]),
  sip: z.enum(["on", "off"]).default("on"),
});

/** `file` is the variable file's path below the folder of templates. */
export type Release = z.output<typeof releaseSchema> & { file: string };

/** The releases that images can be built of. */
export async function readReleases(folder: string): Promise<Release[]> {
  const files = (await readHclFiles(folder)).filter(({ path }) => path.startsWith("releases/"));
  return await Promise.all(files.map(parseRelease));
}

/** @throws ImagesError `invalid_templates` that names every value that cannot be */
export async function parseRelease(file: HclFile): Promise<Release> {
  const parsed = releaseSchema.strict().safeParse(await parseHcl(file));
  if (parsed.success) return { ...parsed.data, file: file.path };
  const wrong = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new ImagesError("invalid_templates", `${file.path}: ${wrong.join("; ")}`, "Correct it.");
}
