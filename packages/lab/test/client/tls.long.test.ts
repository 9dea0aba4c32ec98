import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { connect } from "@tartfleet/client/node";
import { execa } from "execa";
import { expect, test } from "vitest";
import { IMAGE } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const CURL = fileURLToPath(new URL("../../../../examples/curl.sh", import.meta.url));

const lab = useLab({ controlPlane: { "tls-self-signed": true } });

test("a control plane with a certificate of its own is known by the token's pin, and no other is", async () => {
  const { ciToken: token } = lab.fleet;
  const client = connect({ url: lab.fleet.url(), token });
  const { vm } = await client.createVm({ image: IMAGE });
  await client.waitForVm(vm.id, "ready");
  const stdout = new PassThrough();
  const shown = text(stdout);
  expect(await client.exec(vm.id, ["/bin/echo", "hello"], { stdout })).toBe(0);
  stdout.end();
  expect(await shown).toBe("hello\n");
  await client.endVm(vm.id);

  const [secret = "", pin = ""] = token.split(".");
  const another = connect({
    url: lab.fleet.url(),
    token: `${secret}.${pin.startsWith("A") ? "B" : "A"}${pin.slice(1)}`,
  });
  await expect(another.getVm(vm.id)).rejects.toMatchObject({ code: "untrusted" });
  expect(() => connect({ url: lab.fleet.url().replace("https:", "http:"), token })).toThrow("plain text");

  const env = { TARTFLEET_URL: lab.fleet.url(), TARTFLEET_TOKEN: token };
  const ran = await execa(CURL, [IMAGE], { input: "echo built\n", env, reject: false });
  expect(ran.stdout, ran.stderr).toBe("built");
});
