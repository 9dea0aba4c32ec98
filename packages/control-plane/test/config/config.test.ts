import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { completeConfig, readSettings, tlsOf } from "../../src/config/config.ts";
import { SETTINGS } from "../../src/config/settings.ts";

const read = (argv: string[], env: Record<string, string> = {}) => readSettings(argv, env, "1.2.3");

function settings(argv: string[], env: Record<string, string> = {}) {
  const result = read(argv, env);
  if (result.kind !== "settings") throw new Error(JSON.stringify(result));
  return result.settings;
}

function mistakes(argv: string[], env: Record<string, string> = {}) {
  const result = read(argv, env);
  return result.kind === "mistakes" ? result.mistakes : [];
}

describe("settings", () => {
  it("have defaults for everything", () => {
    expect(settings([])).toMatchObject({
      listen: { host: "127.0.0.1", port: 7337 },
      dataDir: "tartfleet-data",
      logLevel: "info",
      maxTtlSeconds: 86_400,
      hookGraceSeconds: 90,
      exitSettleSeconds: 10,
      leaseSeconds: 30,
      heartbeatSeconds: 5,
      silentGraceSeconds: 60,
      maxAttempts: 3,
    });
    expect(settings([]).publicUrl).toBeUndefined();
  });

  it("come from flags and variables of the same names; the flag wins", () => {
    const env = { TARTFLEET_MAX_TTL_SECONDS: "7200", TARTFLEET_LOG_LEVEL: "debug", TARTFLEET_TOKEN: "other" };
    expect(settings(["--log-level", "warn", "--data-dir=/var/lib/x"], env)).toMatchObject({
      maxTtlSeconds: 7200,
      logLevel: "warn",
      dataDir: "/var/lib/x",
    });
  });

  it("list every mistake at once and say where each value came from", () => {
    const found = mistakes(
      ["--listen", "nowhere", "--lease-seconds", "1.5", "--log-level", "--colour", "red", "--max-attempts=0"],
      { TARTFLEET_PUBLIC_URL: "ftp://x", TARTFLEET_BOOT_TIMEOUT_SECONDS: "soon" },
    );
    const named = [
      "--listen",
      "--lease-seconds",
      "--log-level",
      "--colour",
      "red",
      "--max-attempts",
      "TARTFLEET_PUBLIC_URL",
      "TARTFLEET_BOOT_TIMEOUT_SECONDS",
    ];
    for (const name of named) expect(found.filter((line) => line.startsWith(`${name}: `))).toHaveLength(1);
    expect(found).toHaveLength(named.length);
  });

  it.each([
    [["--lease-seconds", "9"], /--lease-seconds: .*twice --heartbeat-seconds/],
    [["--listen", "0.0.0.0:7337"], /--public-url: is needed/],
    [["--listen", "[::]:7337"], /--public-url: is needed/],
    [["--listen", ":7337"], /--public-url: is needed/],
    [["--listen", "127.0.0.1:70000"], /--listen: must be HOST:PORT/],
    [["--public-url", "https://user:pass@example.com"], /--public-url: .*without user/],
    [["--data-dir", ""], /--data-dir: must name a path/],
    [["--public-url", "http://fleet.example.com"], /--public-url: plain .*type --insecure/],
    [["--tls-certificate", "a.pem"], /--tls-certificate, --tls-key: give both/],
    [["--tls-key", "a.pem"], /--tls-certificate, --tls-key: give both/],
    [["--tls-self-signed", "--insecure"], /--insecure: cannot be given with TLS/],
    [["--tls-self-signed", "--tls-certificate", "a", "--tls-key", "b"], /--tls-self-signed: give it or/],
    [["--tls-self-signed", "--public-url", "http://127.0.0.1:1"], /--public-url: must begin with https/],
    [["--listen", "10.0.0.1:1", "--public-url", "http://10.0.0.1:1"], /https:\/\/.*type --insecure/],
    [["--max-ttl-seconds", "1e3"], /--max-ttl-seconds: must be a whole number/],
  ])("refuse %j", (argv, message) => {
    expect(mistakes(argv)).toEqual([expect.stringMatching(message)]);
  });

  it("keep the types of numbers: what is accepted is a whole number within its bounds", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(SETTINGS.shape)), fc.string(), (key, text) => {
        const variable = `TARTFLEET_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
        const result = read([], { [variable]: text });
        if (result.kind === "mistakes") expect(result.mistakes[0]).toMatch(/^(--|TARTFLEET_)/);
        if (result.kind === "settings" && /Seconds|Attempts/.test(key)) {
          expect(result.settings[key as "maxAttempts"]).toSatisfy(Number.isSafeInteger);
        }
      }),
    );
  });

  it("show help with every flag, and the version", () => {
    const help = read(["--help"]);
    for (const key of Object.keys(SETTINGS.shape)) {
      const flag = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} `;
      expect(help).toMatchObject({ kind: "text", text: expect.stringContaining(flag) });
    }
    expect(read(["--version"])).toEqual({ kind: "text", text: "1.2.3\n" });
  });
});

describe("what is served", () => {
  it.each([
    [[], "none"],
    [["--listen", "[::1]:1"], "none"],
    [["--listen", "localhost:1"], "none"],
    [["--listen", ":1", "--public-url", "https://x"], "self-signed"],
    [["--listen", "10.0.0.1:1"], "self-signed"],
    [["--listen", "10.0.0.1:1", "--insecure", "--public-url", "http://x"], "none"],
    [["--tls-self-signed"], "self-signed"],
    [["--listen", "10.0.0.1:1", "--tls-certificate", "a", "--tls-key", "b"], "files"],
  ])("with %j is TLS: %s", (argv, kind) => expect(tlsOf(settings(argv))).toBe(kind));
});

describe("the public URL", () => {
  it.each([
    [["--listen", "127.0.0.1:0"], 4711, "http://127.0.0.1:4711"],
    [["--listen", "[::1]:0"], 4711, "http://[::1]:4711"],
    [["--listen", "mac.local:80"], 80, "https://mac.local:80"],
    [["--listen", "mac.local:80", "--insecure"], 80, "http://mac.local:80"],
    [["--listen", "127.0.0.1:0", "--tls-self-signed"], 4711, "https://127.0.0.1:4711"],
    [["--public-url", "https://fleet.example.com/base/"], 1, "https://fleet.example.com/base"],
  ])("of %j on port %i is %s", (argv, port, url) => {
    expect(completeConfig(settings(argv), port).publicUrl).toBe(url);
  });
});
