import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { warningOf } from "../../src/tls/expiry.ts";
import { keepCertificate, type Keeper } from "../../src/tls/keep.ts";
import { filesOf, ownIn } from "../../src/tls/sources.ts";
import { identity } from "../helpers/identity.ts";

const DAY = 86_400_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tartfleet-tls-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A keeper that notes what it does, under a clock that stands. */
function keeper(source: Keeper["source"]) {
  const used: string[] = [];
  const said: string[] = [];
  const clock = { now: Date.now() };
  const say = (level: string) => (facts: object, text: string) =>
    void said.push([level, text, "why" in facts ? facts.why : ""].join(" ").trim());
  const log = { info: say("info"), warn: say("warn"), error: say("error") };
  const keep = () =>
    keepCertificate({ source, use: ({ cert }) => void used.push(cert), log, now: () => clock.now });
  return { used, said, clock, keep };
}

describe("an operator's own files", () => {
  const paths = () => ({ cert: join(folder, "chain.pem"), key: join(folder, "key.pem") });
  const write = ({ cert, key }: { cert: string; key: string }) => {
    writeFileSync(paths().cert, cert);
    writeFileSync(paths().key, key);
  };

  test("are taken up when both fit, and a broken pair is told of once and changes nothing", async () => {
    const [first, second] = await Promise.all([identity(), identity()]);
    write(first);
    const { used, said, keep } = keeper(filesOf(paths().cert, paths().key));
    const kept = await keep();
    await kept.reload();
    expect([used, said]).toEqual([[first.cert], []]);

    writeFileSync(paths().cert, second.cert);
    await kept.reload();
    await kept.reload();
    expect(kept.current().cert).toBe(first.cert);
    expect(said).toEqual([expect.stringMatching(/^error the new certificate .*key\.pem is not the key/)]);

    writeFileSync(paths().key, second.key);
    await kept.reload();
    expect(used).toEqual([first.cert, second.cert]);
    expect(said[1]).toMatch(/^info another certificate/);
    kept.stop();
  });

  test.each<[string, (own: { cert: string; key: string }) => { cert: string; key: string }, RegExp]>([
    ["no certificate", ({ key }) => ({ cert: "nothing", key }), /chain\.pem is not a certificate in PEM/],
    ["no key", ({ cert }) => ({ cert, key: cert }), /key\.pem is not a private key in PEM/],
  ])("with %s are none to begin with", async (_what, change, message) => {
    write(change(await identity()));
    await expect(keeper(filesOf(paths().cert, paths().key)).keep()).rejects.toThrow(message);
    await expect(keeper(filesOf(join(folder, "no"), paths().key)).keep()).rejects.toThrow("no is not there");
  });

  test("that end soon are warned of once a day", async () => {
    write(await identity(13));
    const { said, clock, keep } = keeper(filesOf(paths().cert, paths().key));
    const kept = await keep();
    const warned = () => said.filter((line) => line.startsWith("warn"));
    expect(warned()).toEqual([expect.stringContaining("expires in 12 days")]);
    clock.now += DAY - 1;
    await kept.reload();
    expect(warned()).toHaveLength(1);
    clock.now += 2;
    await kept.reload();
    expect(warned()[1]).toContain("expires in 11 days");
    clock.now += 20 * DAY;
    await kept.reload();
    expect(warned()[2]).toContain("has expired");
    kept.stop();
  });
});

test.each([
  [14 * DAY, undefined],
  [14 * DAY - 1, "in 13 days"],
  [DAY, "in 1 day:"],
  [1, "in 0 days"],
  [0, "has expired"],
  [-DAY, "has expired"],
])("%i ms before its end a certificate is spoken of: %s", (left, text) => {
  const warning = warningOf(1e12, 1e12 - left);
  if (text === undefined) expect(warning).toBeUndefined();
  else expect(warning).toContain(text);
});

describe("the control plane's own", () => {
  test("is made once, for its names, and its key is for its user alone", async () => {
    const source = ownIn(folder, ["fleet.example.com", "10.1.2.3", "fd00::7"]);
    const made = await source(Date.now());
    for (const host of ["fleet.example.com", "10.1.2.3", "fd00::7"]) expect(made.isFor(host)).toBe(true);
    expect(made.isFor("other.example.com")).toBe(false);
    expect(statSync(join(folder, "tls")).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, "tls/key.pem")).mode & 0o777).toBe(0o600);
    expect((await source(Date.now())).cert).toBe(made.cert);
    expect(readFileSync(join(folder, "tls/certificate.pem"), "utf8")).toBe(made.cert);
  });

  test("is made anew under the same key before it ends, for another name, and when it is damaged", async () => {
    const now = Date.now();
    const source = ownIn(folder, ["10.1.2.3"]);
    const made = await source(now);
    const later = await source(made.expiresAt - 29 * DAY);
    expect(later.cert).not.toBe(made.cert);
    expect(later.pin).toBe(made.pin);
    const named = await ownIn(folder, ["fleet.example.com"])(now);
    expect([named.isFor("fleet.example.com"), named.pin]).toEqual([true, made.pin]);
    writeFileSync(join(folder, "tls/certificate.pem"), "damaged");
    expect((await source(now)).pin).toBe(made.pin);
  });

  test("that two make at once has one key", async () => {
    const pins = await Promise.all(
      [1, 2, 3].map(async () => (await ownIn(folder, ["localhost"])(Date.now())).pin),
    );
    expect(new Set(pins).size).toBe(1);
  });

  test("with a damaged key is none, and says what to do", async () => {
    const source = ownIn(folder, ["localhost"]);
    await source(Date.now());
    writeFileSync(join(folder, "tls/key.pem"), "damaged");
    await expect(source(Date.now())).rejects.toThrow(/key\.pem .*restore it from a backup/);
  });
});
