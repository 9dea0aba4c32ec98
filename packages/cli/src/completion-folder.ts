/** The scripts for shells: beside the sources, and beside what is built from them. */
export const COMPLETION_FOLDER = new URL("../completion/", import.meta.url);
