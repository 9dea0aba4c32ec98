import { expect, test } from "vitest";
import { openMemoryDatabase } from "../../src/store/database.ts";
import { makeGroupCommit } from "../../src/store/group-commit.ts";

/** A store whose disk takes until it is told how it went. */
function slowDisk() {
  const syncs: ((error: Error | null) => void)[] = [];
  const broken: Error[] = [];
  const told: string[] = [];
  const run: string[] = [];
  const database = {
    ...openMemoryDatabase(),
    sync: (done: (error: Error | null) => void) => syncs.push(done),
  };
  const commit = makeGroupCommit(database, { onBroken: (error) => void broken.push(error) });
  return {
    broken,
    told,
    run,
    syncs,
    step(name: string, fails = false) {
      const noted = (outcome: string) => void told.push(`${name} ${outcome}`);
      commit(() => {
        run.push(name);
        if (fails) throw new Error("not so");
      }).then(
        () => noted("done"),
        ({ message }: Error) => noted(message),
      );
    },
    /** The sync that is under way ends. */
    async synced(error: Error | null = null) {
      syncs.shift()?.(error);
      await turn();
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("who asked for a step is told when its group is on the disk; what comes meanwhile is the next group", async () => {
  const disk = slowDisk();
  disk.step("a");
  disk.step("b");
  await turn();
  disk.step("c");
  await turn();
  disk.step("d");
  await turn();
  expect(disk).toMatchObject({ run: ["a", "b"], told: [], syncs: { length: 1 } });
  await disk.synced();
  expect(disk).toMatchObject({ run: ["a", "b", "c", "d"], told: ["a done", "b done"], syncs: { length: 1 } });
  await disk.synced();
  expect(disk.told.slice(2)).toEqual(["c done", "d done"]);
  disk.step("e");
  await turn();
  await disk.synced();
  expect(disk.told.at(-1)).toBe("e done");
});

test("a step that fails is told of with its group, in its order", async () => {
  const disk = slowDisk();
  disk.step("a");
  disk.step("b", true);
  disk.step("c");
  await turn();
  expect(disk.told).toEqual([]);
  await disk.synced();
  expect(disk.told).toEqual(["a done", "b not so", "c done"]);
});

test("when a sync fails nobody knows what is on the disk: all fail, and nothing is taken any more", async () => {
  const disk = slowDisk();
  disk.step("a");
  await turn();
  disk.step("b");
  await turn();
  await disk.synced(new Error("EIO: i/o error, fdatasync"));
  disk.step("c");
  await turn();
  expect(disk.run).toEqual(["a"]);
  expect(disk.broken).toHaveLength(1);
  expect(disk.told.map((line) => line.slice(0, 1))).toEqual(["a", "b", "c"]);
  for (const line of disk.told) expect(line).toContain("cannot be relied on: EIO");
});
