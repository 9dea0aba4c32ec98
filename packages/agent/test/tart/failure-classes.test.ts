import { attemptErrorSchema } from "@tartfleet/shared";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeCredentialSource } from "../../src/registry/credentials.ts";
import { attemptErrorOf, type AttemptStep } from "../../src/tart/attempt-error.ts";
import { failureOf } from "../../src/tart/command.ts";
import { TART_LIMITS, type TartConfig } from "../../src/tart/config.ts";
import {
  FAILURE_RULES,
  OWN_FAILURES,
  classify,
  type FailureEvidence,
} from "../../src/tart/failure-classes.ts";

/** Texts as tart-contract §1, §4, §5 and §13 quote them: [class, command, exit code or signal, stderr, stdout]. */
const TEXTS: [string, string, number | string, string, string?][] = [
  ["NOT_FOUND", "get", 2, 'the specified VM "x" does not exist'],
  ["NOT_FOUND", "delete", 2, 'the specified VM "x" does not exist'],
  ["NOT_FOUND", "run", 1, 'Error: the specified VM "x" does not exist'],
  ["NOT_RUNNING", "stop", 2, 'VM "x" is not running'],
  ["NOT_RUNNING", "exec", 2, 'VM "x" is not running'],
  ["ALREADY_RUNNING", "run", 2, 'VM "x" is already running!'],
  ["STILL_RUNNING", "delete", 1, 'VM "x" is running'],
  ["STILL_RUNNING", "clone", 1, 'VM "x" is running'],
  ["LIMIT", "run", 1, "The number of VMs exceeds the system limit (other running VMs: a, b)"],
  [
    "LIMIT",
    "run",
    1,
    'Error Domain=VZErrorDomain Code=6 "The maximum supported number of active virtual machines has been reached." UserInfo={}',
  ],
  [
    "START_FAILED",
    "run",
    1,
    'Error Domain=VZErrorDomain Code=1 "The virtual machine failed to start." UserInfo={}',
  ],
  ["START_FAILED", "run", 1, 'Error Domain=VZErrorDomain Code=2 "Failed to lock auxiliary storage."'],
  [
    "GUEST_CRASH",
    "run",
    0,
    'guest has stopped the virtual machine due to error: Error Domain=VZErrorDomain Code=1 "It stopped unexpectedly."',
  ],
  [
    "NETWORK_LOST",
    "run",
    0,
    'virtual machine\'s network attachment <x> has been disconnected with error: Error Domain=VZErrorDomain Code=6 "Internal Network Error."',
  ],
  ["GUEST_OFF", "run", 0, "guest has stopped the virtual machine"],
  ["STOPPED", "run", 0, "Stopping VM..."],
  ["STOPPED", "run", 0, "Stopping VM...\nCancelled the VM's Apple identity service for shutdown"],
  ["STOPPED", "run", 0, "creating a snapshot...\nsnapshot created successfully! shutting down the VM..."],
  ["SOFTNET", "run", 1, 'RuntimeFailed(why: "Softnet process terminated prematurely")'],
  ["SOFTNET", "run", 1, 'Error: InitializationFailed(why: "softnet not found in PATH")'],
  ["NO_IP", "ip", 1, "no IP address found, is your VM running?"],
  [
    "AGENT_UNREACHABLE",
    "exec",
    1,
    "Failed to connect to the VM using its control socket: The operation couldn’t be completed. (GRPC.GRPCConnectionPoolError error 1.), is the Tart Guest Agent running?",
  ],
  [
    "EXEC_TRANSPORT",
    "exec",
    1,
    "Error: StreamClosed(streamID: HTTP2StreamID(1), error: HTTP2ErrorCode<0x5 Stream Closed>)",
  ],
  ["EXEC_TRANSPORT", "exec", 1, "Error: internal error (13): transport: SendHeader called multiple times"],
  ["EXEC_TRANSPORT", "exec", 1, "Error: unavailable (14): closed"],
  ["EXEC_NOT_FOUND", "exec", 1, 'Error: unknown (2): exec: "x": executable file not found in $PATH'],
  ["CONTROL_SOCKET_DEAD", "run", 1, "bind(descriptor:ptr:bytes:): Address already in use) (errno: 48)"],
  [
    "LIST_RACED",
    "list",
    1,
    "Error: The file “config.json” couldn’t be opened because there is no such file.",
  ],
  [
    "LIST_BLOCKED",
    "list",
    1,
    '"image info --plist disk.img" failed with exit code 1: Error: Failed to retrieve info for disk image: disk.img. Resource temporarily unavailable',
  ],
  [
    "LIST_BLOCKED",
    "get",
    1,
    '"image info --plist disk.img" failed with exit code 1:\nError: Resource temporarily unavailable',
  ],
  ["BINARY_BROKEN", "list", "SIGABRT", "dyld[1]: Library not loaded: @rpath/libswiftCompatibilitySpan.dylib"],
  [
    "AUTH",
    "pull",
    1,
    'Error: AuthFailed(why: "received unexpected HTTP status code 403 while retrieving an authentication token", details: "DENIED")',
  ],
  ["AUTH", "pull", 1, 'Error: UnexpectedHTTPStatusCode(when: "pulling manifest", code: 401, details: "")'],
  [
    "NO_IMAGE",
    "clone",
    1,
    'Error: UnexpectedHTTPStatusCode(when: "pulling manifest", code: 404, details: "")',
  ],
  ["NET", "pull", 1, 'Error: UnexpectedHTTPStatusCode(when: "pulling blob", code: 503, details: "")'],
  ["NET", "pull", 1, 'Error: UnexpectedHTTPStatusCode(when: "pulling blob", code: 429, details: "")'],
  ["NET", "pull", 1, "Error: The network connection was lost."],
  ["NET", "pull", 1, "Error: The certificate for this server is invalid. You might be connecting to…"],
  [
    "NET",
    "pull",
    1,
    "Error: An SSL error has occurred and a secure connection to the server cannot be made.",
  ],
  ["NET", "pull", 1, "Error: The request timed out."],
  ["NET", "pull", 1, "Error: The Internet connection appears to be offline."],
  ["NET", "pull", 1, "Error: A server with the specified hostname could not be found."],
  [
    "KEYCHAIN",
    "login",
    1,
    'Error: Failed(message: "Keychain failed to update item: User interaction is not allowed.")',
  ],
  [
    "KEYCHAIN",
    "pull",
    1,
    'Error: AuthFailed(why: "x", details: "")',
    "Keychain returned unsuccessful status -25308",
  ],
  [
    "NO_IMAGE",
    "pull",
    1,
    'Error: UnexpectedHTTPStatusCode(when: "x", code: 404, details: "")',
    'Error pulling disk layer 7: "The network connection was lost.", attempting to re-try...',
  ],
  [
    "NAME_CLASH",
    "clone",
    64,
    'Error: VM "x" already exists, use --overwrite to replace it\nUsage: tart clone',
  ],
  ["USAGE", "list", 64, "Error: Unknown option '--x'\nUsage: tart list"],
  ["DISK_FULL", "pull", 1, "Error: No space left on device"],
  ["DISK_FULL", "pull", "SIGABRT", "*** Terminating app due to uncaught exception"],
  ["DISK_FULL", "clone", "SIGTRAP", ""],
  [
    "HOST_TOO_OLD",
    "clone",
    1,
    'Error: dataCorrupted(Swift.DecodingError.Context(codingPath: [CodingKeys(stringValue: "hardwareModel"',
  ],
  ["BAD_IMAGE", "pull", 1, "Error: ShouldBeExactlyOneLayer"],
  ["BAD_IMAGE", "pull", 1, "failed to parse remote name: unexpected character (character 3)"],
  [
    "RESOURCES",
    "set",
    1,
    "Error: LessThanMinimalResourcesError: VM should have 4 CPU cores at minimum (requested 2)",
  ],
  ["NOT_CACHED", "fqn", 1, "OCI storage error: x is not a digest and doesn't point to a digest"],
  ["UNKNOWN", "get", 1, "something new"],
  ["KILLED", "get", "SIGKILL", ""],
];

const evidenceOf = ([, command, exit, stderr, stdout = ""]: (typeof TEXTS)[number]): FailureEvidence => ({
  command,
  exitCode: typeof exit === "number" ? exit : null,
  signal: typeof exit === "string" ? exit : null,
  stderr,
  stdout,
});

const config: TartConfig = {
  path: "tart",
  tartHome: "/Users/ci/.tart",
  env: { HOME: "/Users/ci", TART_REGISTRY_PASSWORD: "correct-horse" },
  limits: TART_LIMITS,
  pace: 1,
  credentials: makeCredentialSource({}),
};

describe("a failed tart command", () => {
  it.each(TEXTS)("is %s: tart %s, %s, %s", (...row) => {
    expect(classify(evidenceOf(row)).class).toBe(row[0]);
  });

  it("has a text for every class that is read from one", () => {
    const shown = new Set(TEXTS.map(([name]) => name));
    expect(FAILURE_RULES.map(({ class: name }) => name).filter((name) => !shown.has(name))).toEqual([]);
  });

  it("of a run is told apart without its exit code too, as an adopted run has none", () => {
    for (const row of TEXTS.filter(([, command]) => command === "run")) {
      expect(classify({ ...evidenceOf(row), exitCode: null }).class).toBe(row[0]);
    }
  });

  it("is of a known class whatever was printed, and never throws", () => {
    const known = new Set<string>([
      ...FAILURE_RULES.map(({ class: name }) => name),
      ...Object.keys(OWN_FAILURES),
    ]);
    const printed = fc.oneof(
      fc.string({ unit: "binary", maxLength: 20_000 }),
      fc.constantFrom(...TEXTS.map(([, , , stderr]) => stderr)),
    );
    const evidence = fc.record({
      command: fc.constantFrom("pull", "clone", "set", "run", "exec", "list", "delete", "odd"),
      exitCode: fc.option(fc.integer({ min: 0, max: 255 })),
      signal: fc.option(fc.constantFrom("SIGKILL", "SIGABRT", "SIGTRAP")),
      stdout: printed,
      stderr: printed,
    });
    fc.assert(
      fc.property(
        evidence,
        fc.constantFrom<AttemptStep>("pull", "clone", "configure", "run", "guest"),
        (evidence, step) => {
          const failure = failureOf(config, evidence);
          expect(known).toContain(failure.class);
          expect(attemptErrorSchema.safeParse(attemptErrorOf(failure, step))).toMatchObject({
            success: true,
          });
        },
      ),
    );
  });
});

describe("what is told of a failure", () => {
  const told = failureOf(config, {
    command: "pull",
    exitCode: 1,
    signal: null,
    stdout: "pulling manifest...\n",
    stderr: `bad login ci:correct-horse in /Users/ci/.tart/cache and /Users/ci/.docker\nError: AuthFailed(why: "x")\n`,
  });

  it("says what happened and what to do", () => {
    expect(told.message).toMatch(/^tart pull failed \(exit code 1\)\. .*Check TART_REGISTRY_/);
  });

  it("holds no password and no place of the host", () => {
    expect(told.output).toBe(
      'pulling manifest...\nbad login ci:*** in $TART_HOME/cache and ~/.docker\nError: AuthFailed(why: "x")',
    );
  });

  it("is one error for the control plane, by class first and by step else", () => {
    expect(attemptErrorOf(told, "pull").code).toBe("image_auth_failed");
    const unknown = failureOf(config, { command: "x", exitCode: 1, signal: null, stdout: "", stderr: "?" });
    expect(attemptErrorOf(unknown, "clone").code).toBe("clone_failed");
    expect(attemptErrorOf(unknown, "run").code).toBe("start_failed");
    expect(attemptErrorOf(unknown, "guest").code).toBe("guest_unreachable");
  });
});
