import type { VmSummary } from "@tartfleet/shared";
import { createLogUpdate } from "log-update";
import { momentsBetween } from "./moments.ts";
import { draw, painter, type Scene } from "./screen.ts";

/** Where people watch. */
export interface Display {
  say(line: string): void;
  show(scene: Scene): void;
  /** Leaves the last picture standing; lines may follow. */
  settle(): void;
}

/** A moving picture on a terminal, plain lines elsewhere, and on terminals that do not know their size. */
export function makeDisplay(stream: NodeJS.WriteStream): Display {
  const hasRoom = stream.isTTY && stream.rows > 0 && stream.columns > 0;
  return hasRoom ? movingPicture(stream) : plainLines(stream);
}

function movingPicture(stream: NodeJS.WriteStream): Display {
  const update = createLogUpdate(stream);
  const paint = painter(stream);
  return {
    say(line) {
      update.clear();
      stream.write(`${line}\n`);
    },
    show: (scene) => update(draw(scene, paint, stream.rows)),
    settle: () => update.done(),
  };
}

function plainLines(stream: NodeJS.WritableStream): Display {
  let before = new Map<string, VmSummary>();
  const say = (line: string) => void stream.write(`${line}\n`);
  return {
    say,
    show({ now, startedAt, vms }) {
      const time = `${((now - startedAt) / 1000).toFixed(1)} s`.padStart(7);
      for (const moment of momentsBetween(before, vms)) say(`${time}  ${moment}`);
      before = new Map(vms.map((vm) => [vm.id, vm]));
    },
    settle: () => {},
  };
}
