import { expect, test } from "vitest";
import { messageOf } from "../../src/integrations/message-of.ts";

test.each([
  [
    new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND ci.example") }),
    "getaddrinfo ENOTFOUND ci.example",
  ],
  [new Error("the token is not valid"), "the token is not valid"],
  ["just words", "just words"],
])("%s", (thrown, says) => expect(messageOf(thrown)).toBe(says));
