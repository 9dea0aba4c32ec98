import { copyFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AgentStop } from "../process/exit.ts";
import { download } from "./download.ts";

/** Where a release lies: its archives, SHA256SUMS and SHA256SUMS.sig beside one another. */
export interface Source {
  /** The archive that was named; undefined when only the folder was. */
  archive: string | undefined;
  /** Brings a file of the release to a path. @throws AgentStop when it cannot be had */
  bring(file: string, to: string): Promise<void>;
}

/**
 * @param text path of a folder or of an archive, or https URL of an archive
 * @throws AgentStop when it is none of these
 */
export async function sourceOf(text: string): Promise<Source> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return urlSource(text);
  const found = await stat(text).catch(() => undefined);
  if (!found)
    throw new AgentStop("noSource", `there is no ${text}; give a folder, an archive or an https URL`);
  return found.isDirectory() ? folderSource(text, undefined) : folderSource(dirname(text), basename(text));
}

function folderSource(folder: string, archive: string | undefined): Source {
  return {
    archive,
    async bring(file, to) {
      try {
        await copyFile(join(folder, file), to);
      } catch (error) {
        throw new AgentStop("noSource", `${join(folder, file)} cannot be read: ${String(error)}`);
      }
    },
  };
}

function urlSource(text: string): Source {
  const url = URL.parse(text);
  if (url?.protocol !== "https:" || url.search !== "") {
    throw new AgentStop("settings", `${text}: must be an https URL without a query, or a path`);
  }
  return {
    archive: url.pathname.slice(url.pathname.lastIndexOf("/") + 1),
    bring: (file, to) => download(new URL(file, url), to),
  };
}
