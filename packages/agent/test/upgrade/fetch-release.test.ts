import { execa } from "execa";
import {
  appendFile,
  chmod,
  copyFile,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { AgentStop } from "../../src/process/exit.ts";
import { PLATFORM, publisher, type Publisher } from "./releases.ts";

/** Why nothing came of it; and it left nothing behind. */
async function refusal(place: Publisher, source: string): Promise<[AgentStop["exit"], string]> {
  const before = await readdir(place.installed.versions).catch(() => []);
  const error: unknown = await place.fetch(source).then(
    () => new Error("it was taken"),
    (error: unknown) => error,
  );
  if (!(error instanceof AgentStop)) throw error;
  const whole = (await readdir(place.installed.versions)).filter((name) => !name.endsWith(".partial"));
  expect(whole).toEqual(before);
  expect(await readdir(dirname(place.installed.versions))).toEqual(["versions"]);
  return [error.exit, error.message];
}

describe("a release that somebody signed who is trusted", () => {
  test("is taken from its folder or by its archive's name, and is whole, and ours alone to write", async () => {
    await using place = await publisher();
    await place.publish("1.0.0");
    expect(await place.fetch(place.out)).toBe("1.0.0");
    const folder = join(place.installed.versions, "1.0.0");
    expect((await execa(join(folder, "bin/tartfleet-agent"))).stdout).toBe("1.0.0");
    expect((await stat(join(folder, "bin/tartfleet-agent"))).mode & 0o777).toBe(0o755);
    expect((await stat(folder)).mode & 0o777).toBe(0o755);
    expect(await readdir(place.installed.versions)).toEqual(["1.0.0", "1.0.0.sha256"]);
    expect(place.said[0]).toBe("1.0.0 is signed by releases@example.com");

    await place.publish("1.1.0");
    expect(await refusal(place, place.out)).toEqual([
      "noSource",
      expect.stringContaining("name the archive"),
    ]);
    expect(await place.fetch(place.archive("1.1.0"))).toBe("1.1.0");
  });

  test("is not fetched again; another build under its name is refused", async () => {
    await using place = await publisher();
    await place.publish("1.0.0");
    await place.fetch(place.out);
    await rm(place.archive("1.0.0"));
    expect(await place.fetch(place.out)).toBe("1.0.0");
    await writeFile(place.sums, "");
    await place.publish("1.0.0", "echo 1.0.0 # but another");
    expect(await refusal(place, place.out)).toEqual([
      "notVerified",
      expect.stringContaining("is another build of 1.0.0; a version is one build for ever"),
    ]);
  });

  test("takes the place of what a killed upgrade left half", async () => {
    await using place = await publisher();
    await place.publish("1.0.0");
    await place.layDown("1.0.0");
    await execa("mkdir", ["-p", join(place.installed.versions, "1.0.0.partial/old")]);
    await place.fetch(place.out);
    expect(await readdir(join(place.installed.versions, "1.0.0"))).toEqual(["VERSION", "bin"]);
  });
});

describe("what is not signed by somebody who is trusted is refused:", () => {
  const cases: Record<string, [(place: Publisher) => Promise<unknown>, AgentStop["exit"], string]> = {
    "no signature": [(place) => rm(`${place.sums}.sig`), "noSource", "SHA256SUMS.sig cannot be read"],
    "no list of sums": [(place) => rm(place.sums), "noSource", "SHA256SUMS cannot be read"],
    "sums that were changed after it": [
      (place) => appendFile(place.sums, "\n"),
      "notVerified",
      "is not signed by anybody whom",
    ],
    "somebody else's signature": [
      async (place) => {
        const other = join(place.dir, "other");
        await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", other]);
        await place.sign(other);
      },
      "notVerified",
      "add their key there",
    ],
    "a signature that was made for something else": [
      (place) => place.sign(place.key, "git"),
      "notVerified",
      "is not signed by anybody whom",
    ],
    "a signature that is none": [
      (place) => writeFile(`${place.sums}.sig`, "yes"),
      "notVerified",
      "is not signed by anybody whom",
    ],
    "a host that trusts nobody yet": [
      (place) => rm(place.installed.allowedSigners),
      "notVerified",
      'write into it whose signatures are taken: NAME namespaces="tartfleet-agent"',
    ],
    "a host where everybody can change whom it trusts": [
      (place) => chmod(place.installed.allowedSigners, 0o666),
      "notVerified",
      "others than you can change",
    ],
    "an archive that is not the one that was signed": [
      (place) => appendFile(place.archive("1.0.0"), "x"),
      "notVerified",
      "but",
    ],
    "an archive that is missing": [(place) => rm(place.archive("1.0.0")), "noSource", "cannot be read"],
  };
  test.each(Object.entries(cases))("%s", async (_name, [spoil, exit, message]) => {
    await using place = await publisher();
    await place.publish("1.0.0");
    await spoil(place);
    expect(await refusal(place, place.out)).toEqual([exit, expect.stringContaining(message)]);
  });
});

describe("a signed archive that is no bundle for this host is refused:", () => {
  const cases: Record<string, [(place: Publisher) => Promise<unknown>, string]> = {
    "a path that leads out of it": [
      async (place) => {
        await writeFile(join(place.dir, "evil"), "");
        const name = (await place.layDown("1.0.0")).slice(place.dir.length + 1);
        await place.pack(place.archive("1.0.0"), name, `${name}/../evil`);
      },
      '/../evil" does not belong into a bundle',
    ],
    "an absolute path": [
      async (place) => {
        await writeFile(join(place.dir, "evil"), "");
        await place.layDown("1.0.0");
        await place.pack(place.archive("1.0.0"), join(place.dir, "evil"));
      },
      "does not belong into a bundle",
    ],
    "a symlink": [
      async (place) => {
        const folder = await place.layDown("1.0.0");
        await symlink("/etc", join(folder, "etc"));
        await place.pack(place.archive("1.0.0"), folder.slice(place.dir.length + 1));
      },
      '/etc" does not belong into a bundle',
    ],
    "another version under its name": [
      async (place) => {
        await place.publish("1.0.1");
        await copyFile(place.archive("1.0.1"), place.archive("1.0.0"));
        await writeFile(place.sums, "");
        await place.list(place.archive("1.0.0"));
      },
      "does not belong into a bundle",
    ],
    "a program that says another version": [
      (place) => place.publish("1.0.0", "echo 1.0.1"),
      'its --version says "1.0.1"',
    ],
    "a VERSION that is another one": [
      async (place) => {
        const folder = await place.layDown("1.0.0");
        await writeFile(join(folder, "VERSION"), "1.0.1\n");
        await place.pack(place.archive("1.0.0"), folder.slice(place.dir.length + 1));
      },
      'its VERSION "1.0.1"',
    ],
    "a program that does not start": [
      (place) => place.publish("1.0.0", "echo 'Bad CPU type' >&2; exit 126"),
      'its --version says "Bad CPU type"',
    ],
    "no archive at all": [
      async (place) => {
        await writeFile(place.archive("1.0.0"), "hello");
        await place.list(place.archive("1.0.0"));
      },
      "cannot be unpacked",
    ],
  };
  test.each(Object.entries(cases))("%s", async (_name, [make, message]) => {
    await using place = await publisher();
    await make(place);
    await place.sign();
    const [exit, said] = await refusal(place, place.archive("1.0.0"));
    expect([exit, said]).toEqual(["notVerified", expect.stringContaining(message)]);
    expect(await readFile(join(place.installed.versions, "evil"), "utf8").catch(() => "none")).toBe("none");
  });

  test("another platform's", async () => {
    await using place = await publisher();
    const archive = place.archive("1.0.0", "linux-arm64");
    await writeFile(archive, "");
    await place.list(archive);
    await place.sign();
    expect(await refusal(place, place.out)).toEqual([
      "noSource",
      `SHA256SUMS lists tartfleet-agent-1.0.0-linux-arm64.tar.gz, of which none is for ${PLATFORM}`,
    ]);
  });
});

test("what is neither a path nor an https URL is told apart", async () => {
  await using place = await publisher();
  expect(await refusalOf(place, join(place.dir, "nothing"))).toEqual("noSource");
  expect(await refusalOf(place, "http://example.com/tartfleet-agent-1.0.0-linux-x64.tar.gz")).toEqual(
    "settings",
  );
  expect(await refusalOf(place, "https://example.com/a?token=1")).toEqual("settings");
});

const refusalOf = (place: Publisher, source: string) =>
  place.fetch(source).catch((error: unknown) => (error as AgentStop).exit);
