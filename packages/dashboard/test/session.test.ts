import { RULES } from "@tartfleet/control-plane/src/api/authorize.ts";
import { expect, test } from "vitest";
import { ALLOWED, may } from "../src/session/may.ts";
import { makeSessions } from "../src/session/session.ts";

const ME = { role: "viewer", name: "me", team: null, version: "1.0.0" };

/** A control plane that answers one call after the other; null: not at all. */
function answering(...answers: ([status: number, body?: unknown] | null)[]) {
  const calls: string[] = [];
  const call = async (path: string, { method = "GET", body }: { method?: string; body?: string } = {}) => {
    calls.push([method, path, body].filter(Boolean).join(" "));
    const answer = answers.shift();
    if (!answer) throw new TypeError("fetch failed");
    const [status, said] = answer;
    return new Response(said === undefined ? null : JSON.stringify(said), { status });
  };
  return { sessions: makeSessions(call), calls };
}

test("a token is sent once, without what was pasted around it, and is kept nowhere", async () => {
  const { sessions, calls } = answering([204], [200, ME]);
  expect(await sessions.signIn("  tartfleet_x \n")).toBeNull();
  expect(calls).toEqual(['POST /session {"token":"tartfleet_x"}', "GET /session"]);
  expect(sessions.get()).toEqual({ kind: "signed_in", session: ME });
  expect(JSON.stringify(sessions.get())).not.toContain("tartfleet_x");
});

test("a refused token is answered with what to do, another refusal with the control plane's own words", async () => {
  expect(await answering([401, {}]).sessions.signIn("no")).toMatch(/does not work/);
  expect(await answering([403, { detail: "Sign in with another" }]).sessions.signIn("no")).toBe(
    "Sign in with another",
  );
  expect(await answering(null).sessions.signIn("no")).toMatch(/does not answer/);
});

test("who was signed in and is not any more is told why; who never was is not", async () => {
  const { sessions } = answering([401], [204], [200, ME], [401], [401]);
  await sessions.look();
  expect(sessions.get()).toEqual({ kind: "signed_out", reason: null });
  await sessions.signIn("tartfleet_x");
  await sessions.look();
  await sessions.look();
  expect(sessions.get()).toMatchObject({ kind: "signed_out", reason: expect.stringMatching(/expired/) });
});

test("a control plane that is away takes nobody's session, and is told of to who has none", async () => {
  const { sessions } = answering(null, [200, ME], null);
  await sessions.look();
  expect(sessions.get()).toEqual({ kind: "silent" });
  await sessions.look();
  await sessions.look();
  expect(sessions.get().kind).toBe("signed_in");
});

test("what is offered to a role is what the control plane lets it do", () => {
  for (const [act, roles] of Object.entries(ALLOWED)) {
    const rule: Record<string, string> = RULES[act as keyof typeof ALLOWED];
    const people = Object.keys(rule).filter((role) => ["admin", "ci", "viewer"].includes(role));
    expect([...roles].sort(), act).toEqual(people.sort());
  }
  expect(may({ role: "viewer" }, "vm.end")).toBe(false);
});
