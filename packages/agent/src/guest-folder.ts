/**
 * What goes into guests. It lies beside the folder of this program: `guest` beside `src` here, and beside `dist` in a
 * bundle (packages/bundle), where the whole agent is one file. So this must stay in `src` itself.
 */
export const GUEST_FOLDER = new URL("../guest/", import.meta.url);
