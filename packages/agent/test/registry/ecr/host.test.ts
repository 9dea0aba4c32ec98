import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ecrHost } from "../../../src/registry/ecr/host.ts";

const v4 = { isFips: false, isDualStack: false };

test.each([
  ["123456789012.dkr.ecr.eu-central-1.amazonaws.com", { region: "eu-central-1", ...v4 }],
  ["123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", { region: "cn-north-1", ...v4 }],
  ["123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", { region: "eusc-de-east-1", ...v4 }],
  ["123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", { region: "us-gov-west-1", ...v4, isFips: true }],
  ["123456789012.dkr-ecr.us-east-1.on.aws", { region: "us-east-1", ...v4, isDualStack: true }],
  ["123456789012.dkr-ecr-fips.us-east-1.on.aws", { region: "us-east-1", isFips: true, isDualStack: true }],
  [
    "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
    { region: "cn-north-1", ...v4, isDualStack: true },
  ],
])("%s is a registry of Amazon's", (host, expected) => {
  expect(ecrHost(host)).toEqual(expected);
});

test.each([
  "ghcr.io",
  "public.ecr.aws",
  "12345678901.dkr.ecr.eu-central-1.amazonaws.com",
  "123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.example",
  "evil-123456789012.dkr.ecr.eu-central-1.amazonaws.com",
  "123456789012.dkr.ecr.eu-central-1.amazonaws.com:443",
  "123456789012.dkr.ecr.eu.central.1.amazonaws.com",
  "123456789012.dkr-ecr.eu-central-1.amazonaws.com",
  "123456789012.dkr.ecr.eu-central-1.on.aws",
  "",
])("%s is none", (host) => {
  expect(ecrHost(host)).toBeUndefined();
});

test("nothing that goes on behind Amazon's domain is taken for it", () => {
  const host = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }).filter((more) => more !== ".cn"),
      (more) => {
        expect(ecrHost(`${host}${more}`)).toBeUndefined();
        expect(ecrHost(`${more}${host}`)).toBeUndefined();
      },
    ),
  );
});
