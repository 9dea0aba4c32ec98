import { execa } from "execa";
import { fileURLToPath } from "node:url";
import type { Context } from "../context.ts";
import { ImagesError } from "../images-error.ts";

const CLI = fileURLToPath(new URL("../../../cli/src/main.ts", import.meta.url));

/**
 * Gives a channel the image, through `tartfleet`: which control plane it is, and as whom, is told as there.
 *
 * @throws ImagesError `channel_not_set`
 */
export async function giveToChannel(
  { channel, image, how }: { channel: string; image: string; how: "rollout" | "set" },
  { env, say, signal }: Context,
): Promise<void> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [CLI, "channel", how, channel, image], {
    env,
    extendEnv: false,
    stdin: "ignore",
    reject: false,
    cancelSignal: signal,
  });
  if (exitCode === 0) return say(stdout);
  throw new ImagesError(
    "channel_not_set",
    `Channel ${channel} did not get the image: ${stderr}`,
    `The image is pushed. Then: npm run --silent tartfleet -- channel ${how} ${channel} ${image}`,
  );
}
