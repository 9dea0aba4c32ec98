import { fstatSync, writeSync } from "node:fs";

/** What may wait for a reader; beyond it lines are dropped rather than the process held up. */
const WAITING_BYTES = 16 * 1024 * 1024;

/** Where log lines go. */
export interface LogSink {
  write(line: string): void;
  /** Calls back when everything that was written before is out. */
  flush(done: () => void): void;
}

/**
 * Stdout as it suits a log: nobody waits for a reader who does not read, or for a disk that is full.
 *
 * @param onDropped told how many lines were dropped, once lines go out again
 */
export function openStdout(onDropped: (lines: number) => void, waitingBytes = WAITING_BYTES): LogSink {
  const kind = fstatSync(1);
  return kind.isFIFO() || kind.isSocket() ? pipeSink(onDropped, waitingBytes) : fileSink(onDropped);
}

/**
 * Node's own stream does not block on a pipe that is full. pino's would, in a thread that cannot be ended: the
 * process could not exit while nobody reads.
 */
function pipeSink(onDropped: (lines: number) => void, waitingBytes: number): LogSink {
  const { stdout } = process;
  const drops = countDrops(onDropped);
  // The reader went away: there is nowhere to tell of it.
  stdout.on("error", () => {});
  const onWritten = () => {
    if (stdout.writableLength === 0) drops.tell();
  };
  return {
    write(line) {
      if (stdout.writableLength + line.length > waitingBytes) drops.add();
      else stdout.write(line, onWritten);
    },
    flush: (done) => void stdout.write("", () => done()),
  };
}

/** A file takes lines at once, or says that its disk is full. */
function fileSink(onDropped: (lines: number) => void): LogSink {
  const drops = countDrops(onDropped);
  return {
    write(line) {
      try {
        writeSync(1, line);
      } catch {
        drops.add();
        return;
      }
      drops.tell();
    },
    flush: (done) => done(),
  };
}

function countDrops(onDropped: (lines: number) => void) {
  let dropped = 0;
  return {
    add(): void {
      dropped += 1;
    },
    tell(): void {
      const lines = dropped;
      dropped = 0;
      if (lines > 0) onDropped(lines);
    },
  };
}
