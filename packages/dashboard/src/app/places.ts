import { IconHourglass, IconLayoutGrid, type TablerIcon } from "@tabler/icons-react";
import type { Act } from "../session/may.ts";

/** Where the menu leads, in its order. `act`: shown only to who may do that. */
export const PLACES: readonly { to: string; text: string; Icon: TablerIcon; act?: Act }[] = [
  { to: "/", text: "Fleet", Icon: IconLayoutGrid },
  { to: "/queue", text: "Queue", Icon: IconHourglass },
];
