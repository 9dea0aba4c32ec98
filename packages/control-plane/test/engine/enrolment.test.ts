import { createTokenSchema, type CreateToken } from "@tartfleet/shared";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CI, callerOf, FACTS, settle, startFleet } from "../support/fleet.ts";

let fleet: Awaited<ReturnType<typeof startFleet>>;
beforeEach(async () => {
  fleet = await startFleet();
});
afterEach(() => fleet.close());

/** An enrolment token, and how a machine uses it. */
async function enrolmentToken(input: Omit<CreateToken, "role" | "name"> = {}) {
  const { useCases } = fleet;
  const made = await useCases.createToken(CI, { role: "host-enrolment", name: "rack", ...input });
  const enrol = async (name: string) => {
    const principal = useCases.authenticate(made.token);
    if (!principal) throw new Error("the token is not valid");
    return useCases.enrolHost(callerOf(principal), { name, machineId: `machine-${name}` });
  };
  const uses = () => useCases.listTokens().find(({ id }) => id === made.id)?.enrolment?.uses;
  return { ...made, enrol, uses };
}

/** The agent of a credential says hello. */
async function connect(name: string, credential: string, labels: Record<string, string> = {}) {
  const host = fleet.useCases.authenticate(credential);
  if (host?.kind !== "host") throw new Error("the credential is not valid");
  const facts = { ...FACTS, labels };
  await fleet.useCases.agent.hello(callerOf(host), {
    protocol: 1,
    machineId: `machine-${name}`,
    facts,
    instances: [],
  });
  await settle();
}

const USED_UP = { code: "enrolment_used_up" };

describe("an enrolment token", () => {
  test("is for one host and a day when nothing else was said", async () => {
    const token = await enrolmentToken();
    expect(token.enrolment).toEqual({ uses: 0, maxUses: 1, hostLabels: {} });
    await token.enrol("mac-1");
    await expect(token.enrol("mac-2")).rejects.toMatchObject(USED_UP);
    const other = await enrolmentToken({ uses: "unlimited" });
    for (const name of ["mac-3", "mac-4", "mac-5"]) await other.enrol(name);
    expect(Date.parse(other.expiresAt ?? "")).toBe(fleet.clock.now() + 86_400_000);
  });

  test("with one use left enrols one of two that ask at once", async () => {
    const token = await enrolmentToken({ uses: 2 });
    await token.enrol("mac-0");
    const answers = await Promise.allSettled(["mac-1", "mac-2", "mac-3"].map(token.enrol));
    expect(answers.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(token.uses()).toBe(2);
    expect(fleet.useCases.listHosts()).toHaveLength(2);
  });

  test("loses no use to an agent that asks again for a lost answer, and none to a refused name", async () => {
    const token = await enrolmentToken();
    const lost = await token.enrol("mac-1");
    const { credential } = await token.enrol("mac-1");
    expect(token.uses()).toBe(1);
    expect(fleet.useCases.authenticate(lost.credential)).toBeUndefined();
    // Whoever has the used-up token later cannot take the host over with it.
    await connect("mac-1", credential);
    await expect(token.enrol("mac-1")).rejects.toMatchObject(USED_UP);
    expect(fleet.useCases.authenticate(credential)).toBeDefined();

    const other = await enrolmentToken();
    const stranger = { name: "mac-1", machineId: "another-machine" };
    const principal = fleet.useCases.authenticate(other.token);
    if (!principal) throw new Error("the token is not valid");
    await expect(fleet.useCases.enrolHost(callerOf(principal), stranger)).rejects.toMatchObject({
      code: "host_identity_conflict",
    });
    expect(other.uses()).toBe(0);
  });

  test("that is revoked while an enrolment is under way enrols nobody", async () => {
    const token = await enrolmentToken();
    const both = [fleet.useCases.revokeToken(CI, token.id), token.enrol("mac-1")];
    const [, enrolled] = await Promise.allSettled(both);
    expect(enrolled).toMatchObject({ status: "rejected", reason: { code: "unauthenticated" } });
    expect(fleet.useCases.listHosts()).toEqual([]);
  });

  test("binds its hosts to labels that their agents cannot take off", async () => {
    const token = await enrolmentToken({ hostLabels: { pool: "red" } });
    const { credential } = await token.enrol("mac-1");
    await connect("mac-1", credential, { pool: "blue", xcode: "16" });
    expect(fleet.useCases.getHost("mac-1")).toMatchObject({
      labels: { pool: "red", xcode: "16" },
      boundLabels: { pool: "red" },
    });
    const blue = await fleet.create({ hostLabels: { pool: "blue" }, allowPending: true });
    const red = await fleet.create({ hostLabels: { pool: "red", xcode: "16" } });
    expect(fleet.useCases.getVm(blue).state).toBe("queued");
    expect(fleet.useCases.getVm(red)).toMatchObject({ state: "assigned", host: "mac-1" });
    const labels = fleet.useCases.capacity().byHostLabel.map(({ label }) => label);
    expect(labels).toEqual(["pool=red", "xcode=16"]);
  });
});

test("uses and labels are for enrolment tokens alone", () => {
  const parsed = createTokenSchema.safeParse({ role: "ci", name: "n", uses: 2, hostLabels: { a: "b" } });
  expect(parsed.error?.issues.map(({ path }) => path.join("."))).toEqual(["uses", "hostLabels"]);
});

test("a guest's secrets are told no more once it announced its end, even before it was ready", async () => {
  const mac = await fleet.host("mac-1");
  const id = await fleet.create({ runner: { kind: "script", script: "true" } });
  const about = { vmId: id, attempt: 1 };
  await mac.report({ kind: "phase", ...about, phase: "provisioning" });
  const ask = () => fleet.useCases.agent.bootstrap(mac.host, mac.epoch, about);
  await ask();
  const { vmToken } = await ask();
  const principal = fleet.useCases.authenticate(vmToken.reveal());
  if (!principal) throw new Error("the token is not valid");
  await fleet.useCases.endVm(callerOf(principal), id, { phase: "job_hook" });
  expect(fleet.useCases.getVm(id).state).toBe("draining");
  await expect(ask()).rejects.toMatchObject({ code: "attempt_not_current" });
});
