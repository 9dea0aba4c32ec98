/** For this repository's own programs, which find out by themselves whom to trust. Not published. */
export { openTunnel } from "./open-tunnel.ts";
export { talk, type Near } from "./talk.ts";
export { trustingFetch } from "./trusting-fetch.ts";
