import { NOTICE_TYPES, VM_EVENT_TYPES, VM_STATES, type NoticeType } from "@tartfleet/shared";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MOST_TRIES, pauseBefore, retryAfterMs } from "../../../src/domain/notices/back-off.ts";
import {
  isWanted,
  noticeId,
  TOLD_ACTS,
  typeOfAct,
  typesOfEvent,
} from "../../../src/domain/notices/notice.ts";
import { slackOf } from "../../../src/domain/notices/slack.ts";
import { isPublicAddress, refusalOf, shownUrl } from "../../../src/domain/notices/target.ts";
import { signedHeaders } from "../../../src/engine/webhooks/sign.ts";

const types = Object.keys(NOTICE_TYPES) as NoticeType[];
const anyType = fc.constantFrom(...types);

describe("what is told of", () => {
  test("every type is told of by some event or act", () => {
    const ofEvents = VM_EVENT_TYPES.flatMap((type) =>
      VM_STATES.flatMap((state) => typesOfEvent({ type, state })),
    );
    const ofActs = TOLD_ACTS.map(typeOfAct);
    expect(new Set<unknown>([...ofEvents, ...ofActs])).toEqual(new Set(types));
  });

  test("of the last attempt that fails both are told, and of a note after the end neither", () => {
    expect(typesOfEvent({ type: "attempt_failed", state: "failed" })).toEqual([
      "vm.attempt_failed",
      "vm.failed",
    ]);
    expect(typesOfEvent({ type: "attempt_failed", state: "queued" })).toEqual(["vm.attempt_failed"]);
    expect(typesOfEvent({ type: "evidence", state: "failed" })).toEqual([]);
  });

  test("a filter takes its own and nothing else, and a team's webhook that team's VMs", () => {
    const team = fc.constantFrom("web", "ios", null);
    fc.assert(
      fc.property(anyType, fc.array(anyType, { minLength: 1 }), team, team, (type, events, own, of) => {
        const isOurs = own === null || own === of;
        expect(isWanted({ events, team: own }, { type, team: of })).toBe(isOurs && events.includes(type));
        expect(isWanted({ events: ["*"], team: own }, { type, team: of })).toBe(isOurs);
        expect(isWanted({ events: ["host.*"], team: null }, { type, team: of })).toBe(
          type.startsWith("host."),
        );
      }),
    );
  });

  test("its id has no dot, by which signatures join", () => {
    for (const type of types) expect(noticeId("a-b", type, 7)).toMatch(/^msg_ab_7_[a-z_-]+$/);
  });
});

describe("the pauses between tries", () => {
  test("grow to hours, end, and are never shorter than what the receiver asks for", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(86_400_000), (id, asked) => {
        const pauses = Array.from({ length: MOST_TRIES }, (_, n) => pauseBefore(id, n + 1));
        expect(pauses.pop()).toBeUndefined();
        const known = pauses.map(Number);
        for (const [n, pause] of known.entries()) {
          expect(pause).toBeGreaterThanOrEqual(10_000);
          if (n > 0 && n < 7) expect(pause).toBeGreaterThan(known[n - 1] ?? 0);
        }
        const day = known.reduce((sum, pause) => sum + pause, 0) / 3_600_000;
        expect(day).toBeGreaterThan(20);
        expect(day).toBeLessThan(36);
        expect(pauseBefore(id, 1, asked)).toBeGreaterThanOrEqual(Math.min(asked, 6 * 3_600_000));
      }),
    );
  });

  test("Retry-After is seconds or a date, and nonsense is nothing", () => {
    const now = Date.parse("2026-03-01T12:00:00Z");
    expect(retryAfterMs("120", now)).toBe(120_000);
    expect(retryAfterMs("Sun, 01 Mar 2026 12:01:00 GMT", now)).toBe(60_000);
    expect(retryAfterMs("Sun, 01 Mar 2026 11:00:00 GMT", now)).toBe(0);
    for (const text of [undefined, "", "soon", "-1x"]) expect(retryAfterMs(text, now)).toBeUndefined();
  });
});

describe("where it may go", () => {
  test.each([
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "nonsense",
  ])("%s is no address of the internet", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each(["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])(
    "%s is one",
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  test.each([
    "http://example.com/",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://[::1]:8443/",
    "https://[::ffff:10.0.0.1]/",
    "https://localhost/",
    "https://a.localhost./",
    "ftp://example.com/",
  ])("%s is refused", (url) => {
    expect(refusalOf(new URL(url), false)).toMatch(/^must/);
  });

  test("all but other schemes is allowed where private networks are", () => {
    expect(refusalOf(new URL("http://127.0.0.1/"), true)).toBeUndefined();
    expect(refusalOf(new URL("https://example.com/"), false)).toBeUndefined();
    expect(refusalOf(new URL("file:///etc/passwd"), true)).toMatch(/^must/);
  });

  test("what comes after the host is not shown", () => {
    expect(shownUrl(new URL("https://hooks.slack.com/services/T0/B0/secret"))).toBe(
      "https://hooks.slack.com/…",
    );
    expect(shownUrl(new URL("https://example.com?token=secret"))).toBe("https://example.com/…");
    expect(shownUrl(new URL("https://example.com:8443"))).toBe("https://example.com:8443");
  });
});

test("is signed as the example of the specification's own libraries", () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const headers = signedHeaders("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330_000, '{"test": 2432232314}', [
    secret,
  ]);
  expect(headers).toEqual({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
});

test("in Slack nothing that others wrote mentions anybody, and nothing is too long for it", () => {
  const text = fc.oneof(fc.string(), fc.constant("<!channel> & <@U1>"), fc.constant("x".repeat(9000)));
  fc.assert(
    fc.property(
      text,
      text,
      fc.constantFrom(...types.filter((type) => !type.startsWith("vm."))),
      (name, reason, type) => {
        const act = { seq: 1, at: "", actor: name, action: "", subject: `host ${name}`, details: { reason } };
        const said = slackOf({ type, timestamp: "", fleet: "https://fleet", data: { act, host: null } });
        const texts = [
          said.text,
          ...said.blocks.flatMap((block) =>
            block.type === "context"
              ? block.elements.map((one) => one.text)
              : [block.text.text, ...(block.fields ?? []).map((field) => field.text)],
          ),
        ];
        for (const one of texts) {
          expect(one).not.toMatch(/[<>]/);
          expect(one.length).toBeGreaterThan(0);
          expect(one.length).toBeLessThanOrEqual(3000);
        }
      },
    ),
  );
});
