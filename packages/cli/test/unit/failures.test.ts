import { expect, test } from "vitest";
import { unreachable } from "../../src/api/failures.ts";
import { EXIT } from "../../src/exit-codes.ts";

/** As Node throws it. */
function failedWith(code: string): Error {
  return Object.assign(new Error(code), { code });
}

test.for<[string, string, boolean]>([
  ["ECONNREFUSED", "the connection was refused", true],
  ["ENOTFOUND", "The name fleet.example.com cannot be resolved", true],
  ["ETIMEDOUT", "did not answer in time", true],
  ["ECONNRESET", "was cut", true],
  ["EHOSTUNREACH", "failed: EHOSTUNREACH", true],
  ["SELF_SIGNED_CERT_IN_CHAIN", "not signed by an authority known here", false],
  ["TLS_PIN_MISMATCH", "is not trusted", false],
  ["CERT_HAS_EXPIRED", "has expired", false],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "is for another name", false],
  ["ERR_SSL_PACKET_LENGTH_TOO_LONG", "does not speak TLS", false],
])("%s: %s", ([code, message, transient]) => {
  const error = unreachable(
    "GET https://fleet.example.com/v1/vms",
    "https://fleet.example.com",
    failedWith(code),
  );
  expect(error.message).toContain(message);
  expect(error.message).toContain("GET https://fleet.example.com/v1/vms");
  expect(error.exit).toBe(EXIT.unreachable);
  expect(error.facts.transient).toBe(transient);
});

test("only what cannot have arrived counts as never sent", () => {
  const codeOf = (code: string) =>
    unreachable("POST x", "https://fleet.example.com", failedWith(code)).facts.code;
  expect(codeOf("ECONNREFUSED")).toBe("unreachable");
  expect(codeOf("ECONNRESET")).toBe("no_answer");
  expect(codeOf("ETIMEDOUT")).toBe("no_answer");
});
