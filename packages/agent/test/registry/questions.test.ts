import type { TagAnswer } from "@tartfleet/shared";
import { expect, test } from "vitest";
import { createQuestions } from "../../src/registry/questions.ts";

const DIGEST: TagAnswer = { kind: "digest", digest: `sha256:${"a".repeat(64)}` };

function bench() {
  const looking = new Map<string, { answer: (answer: TagAnswer) => void; signal: AbortSignal }>();
  const asked: string[] = [];
  const told: string[] = [];
  const questions = createQuestions(
    (reference, signal) => {
      asked.push(reference);
      return new Promise((answer) => looking.set(reference, { answer, signal }));
    },
    async (reference) => void told.push(reference),
  );
  const answer = async (reference: string) => {
    looking.get(reference)?.answer(DIGEST);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { questions, looking, asked, told, answer };
}

test("what is asked again while it is looked up, or after it was answered, is looked up once", async () => {
  const { questions, asked, told, answer } = bench();
  questions.asked(["a", "b"]);
  questions.asked(["a", "b"]);
  await answer("a");
  questions.asked(["a", "b"]);
  expect(asked).toEqual(["a", "b"]);
  expect(told).toEqual(["a"]);
  // Asked anew after it was not: the answer may have been lost, or is too old.
  questions.asked(["b"]);
  questions.asked(["a", "b"]);
  expect(asked).toEqual(["a", "b", "a"]);
});

test("what is asked no more is given up, and not answered", async () => {
  const { questions, looking, told, answer } = bench();
  questions.asked(["a"]);
  questions.asked([]);
  expect(looking.get("a")?.signal.aborted).toBe(true);
  await answer("a");
  expect(told).toEqual([]);
});
