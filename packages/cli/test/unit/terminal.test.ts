import {
  attemptErrorSchema,
  capacitySchema,
  explanationSchema,
  hostRecordSchema,
  tokenRecordSchema,
  vmEventSchema,
  vmRecordSchema,
} from "@tartfleet/shared";
import * as fc from "fast-check";
import picocolors from "picocolors";
import { expect, test } from "vitest";
import { CliError } from "../../src/cli-error.ts";
import { capacityText } from "../../src/output/capacity.ts";
import { errorText } from "../../src/output/errors.ts";
import { eventLine, stageLine } from "../../src/output/events.ts";
import { explanationText } from "../../src/output/explanation.ts";
import { hostDetails, hostTable } from "../../src/output/hosts.ts";
import type { Style } from "../../src/output/style.ts";
import { tokenTable } from "../../src/output/tokens.ts";
import { attemptErrorText, standing } from "../../src/output/vm-words.ts";
import { vmDetails, vmTable } from "../../src/output/vms.ts";
import { fromSchema } from "../support/from-schema.ts";

const style: Style = { colors: picocolors.createColors(false), width: 120, terminal: true, now: 0 };

/** What guests, runners, tart and other clients may put into any text that the CLI shows. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "\u001b[2J",
        "\u001b]0;title\u0007",
        "\u009b31m",
        "\r",
        "\b\b",
        "\u202e",
        "\u2066",
        "\u2028",
        "\u007f",
        "\0",
        "\ufeff",
        "\n",
        "\t",
      ),
      fc.string({ unit: "binary", maxLength: 6 }),
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(""));

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const DANGEROUS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

const OUTPUTS: Record<string, fc.Arbitrary<string>> = {
  "vm get": fromSchema(vmRecordSchema, hostile).map((vm) => vmDetails(vm, style)),
  "vm explain": fromSchema(explanationSchema, hostile).map((why) => explanationText(why, style)),
  "vm list": fromSchema(vmRecordSchema, hostile).map((vm) => vmTable([vm], style)),
  "vm delete": fromSchema(vmRecordSchema, hostile).map((vm) => standing(vm, 0)),
  "vm events": fromSchema(vmEventSchema, hostile).map((event) => eventLine(event, event.at, style)),
  "vm create": fromSchema(vmEventSchema, hostile).map((event) => stageLine(event, event.at, style)),
  "an attempt's error": fromSchema(attemptErrorSchema, hostile).map(attemptErrorText),
  "host get": fromSchema(hostRecordSchema, hostile).map((host) => hostDetails(host, style)),
  "host list": fromSchema(hostRecordSchema, hostile).map((host) => hostTable([host], style)),
  "token list": fromSchema(tokenRecordSchema, hostile).map((token) => tokenTable([token], style)),
  capacity: fromSchema(capacitySchema, hostile).map((capacity) => capacityText(capacity, style)),
  "an error": fc.tuple(hostile, hostile, hostile).map(([message, path, requestId]) =>
    errorText(
      new CliError(1, message, {
        code: "internal",
        requestId,
        advice: [message],
        fields: [{ path, message }],
      }),
      style,
    ),
  ),
};

test.each(Object.keys(OUTPUTS))("%s shows control characters and never obeys them", (name) => {
  const output = OUTPUTS[name] ?? fc.constant("");
  fc.assert(
    fc.property(output, (text) => {
      expect(text).not.toMatch(DANGEROUS);
    }),
    { numRuns: 60 },
  );
});
