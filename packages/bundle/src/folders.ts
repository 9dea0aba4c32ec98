import { fileURLToPath } from "node:url";

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const WORKSPACE: string = folder("../../..");
export const AGENT: string = folder("../../agent");
/** What a bundle holds as it is. */
export const FILES: string = folder("../files");
/** What the root daemon of a host runs at boot. */
export const BOOT_SCRIPTS: string = folder("../../../packer/host/boot");
