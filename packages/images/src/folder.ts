import { fileURLToPath } from "node:url";

/** Where the templates are, in this checkout. */
export const IMAGES_FOLDER: string = fileURLToPath(new URL("../../../packer/images", import.meta.url));
