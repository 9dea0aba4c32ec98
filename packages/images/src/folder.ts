import { fileURLToPath } from "node:url";

/** Where the templates are, in this checkout. */
export const IMAGES_FOLDER: string = fileURLToPath(new URL("../../../packer/images", import.meta.url));

/** Where the template of the hosts' AMI is. */
export const HOST_FOLDER: string = fileURLToPath(new URL("../../../packer/host", import.meta.url));
