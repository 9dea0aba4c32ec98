import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../../../../", import.meta.url));

/** What changes nothing beyond the files that it is given; all else is a stand-in. */
const HARMLESS =
  "awk basename cat chmod cp cut date dirname env grep head ln ls mkdir mktemp mv rm sed sleep sort tail tee tr uname wc".split(
    " ",
  );
/** Parts of the checkout that a page may write into; the rest is only looked at. */
const COPIED = ["docs", "infra", "packer", "scripts", "package.json"];
const LINKED = ["packages", "node_modules", "pnpm-lock.yaml", "pnpm-workspace.yaml", "tsconfig.base.json"];

/** A home with a checkout in `tartfleet`, for one reader of one page. */
export interface ReaderHome {
  dir: string;
  checkout: string;
  /** The only folder on PATH. */
  bin: string;
  /** Puts an executable script there. */
  addCommand(name: string, script: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function makeReaderHome(): Promise<ReaderHome> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "tf-reader-")));
  const checkout = join(dir, "tartfleet");
  const bin = join(dir, ".bin");
  await mkdir(checkout);
  await mkdir(bin);
  for (const name of COPIED.filter((name) => existsSync(join(ROOT, name)))) {
    await cp(join(ROOT, name), join(checkout, name), {
      recursive: true,
      filter: (source) => !/\/(node_modules|cdk\.out|\.reports|\.turbo)$/.test(source),
    });
    const modules = join(ROOT, name, "node_modules");
    if (existsSync(modules)) await symlink(modules, join(checkout, name, "node_modules"));
  }
  for (const name of LINKED) await symlink(join(ROOT, name), join(checkout, name));
  for (const name of HARMLESS) {
    const path = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name));
    const found = path.find((candidate) => existsSync(candidate));
    if (found !== undefined) await symlink(found, join(bin, name));
  }
  await symlink(process.execPath, join(bin, "node"));
  return {
    dir,
    checkout,
    bin,
    addCommand: (name, script) => writeFile(join(bin, name), script, { mode: 0o755 }),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}
