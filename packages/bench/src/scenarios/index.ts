import type { Scenario } from "../frame/scenario.ts";
import { agent } from "./agent.ts";
import { agents } from "./agents.ts";
import { burst } from "./burst.ts";
import { createCall } from "./create-call.ts";
import { createToTold } from "./create-to-told.ts";
import { hostilePeers } from "./hostile-peers.ts";
import { placement } from "./placement.ts";
import { reads } from "./reads.ts";
import { slotTurnaround } from "./slot-turnaround.ts";
import { start } from "./start.ts";
import { viewers } from "./viewers.ts";
import { wholeLives } from "./whole-lives.ts";

export const SCENARIOS: readonly Scenario[] = [
  createCall,
  createToTold,
  agents,
  wholeLives,
  placement,
  reads,
  start,
  slotTurnaround,
  burst,
  agent,
  hostilePeers,
  viewers,
];
