import type { SlotLook } from "./filter.ts";

/** How each state of a slot is named and told in one sign: colour alone tells not everybody. */
export const LOOK_WORDS: Readonly<Record<SlotLook, { sign: string; word: string; means: string }>> = {
  free: { sign: "", word: "free", means: "nothing runs in it" },
  starting: { sign: "S", word: "starting", means: "a VM is being brought up in it" },
  busy: { sign: "B", word: "busy", means: "a VM runs in it" },
  warm: { sign: "W", word: "warm", means: "a pool’s booted VM waits in it for work" },
  draining: { sign: "D", word: "draining", means: "its VM is about to end" },
  held: { sign: "H", word: "held", means: "its VM has ended, and is kept for somebody to look into" },
  phantom: { sign: "P", word: "phantom", means: "a VM runs there that nobody asked tartfleet for" },
  unreachable: { sign: "?", word: "unreachable", means: "its host’s agent does not answer" },
  cordoned: { sign: "C", word: "cordoned", means: "it is free, and its host gets nothing new" },
};
