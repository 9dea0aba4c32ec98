/** The part of curl that a careful script uses, for guests on machines without curl. */
import "../leave-cache.ts";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import type { IncomingMessage } from "node:http";
import type { Writable } from "node:stream";
import { writeTo } from "../stream-copy.ts";
import { CurlFailure, parseArguments, type CurlOptions } from "./options.ts";
import { send } from "./request.ts";

const mostRedirects = 10;

/** Follows redirects when asked to. */
async function fetchAnswer(options: CurlOptions): Promise<IncomingMessage> {
  let url = options.url;
  for (let hop = 0; hop <= mostRedirects; hop += 1) {
    const answer = await send({ ...options, url });
    const { location } = answer.headers;
    const redirected = answer.statusCode !== undefined && answer.statusCode >= 300 && answer.statusCode < 400;
    if (!options.location || !redirected || location === undefined) return answer;
    answer.resume();
    url = new URL(location, url).href;
  }
  throw new CurlFailure(47, `Maximum (${mostRedirects}) redirects followed`);
}

async function deliver(answer: IncomingMessage, output: string | undefined): Promise<void> {
  const sink: Writable = output === undefined || output === "-" ? process.stdout : createWriteStream(output);
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) await writeTo(sink, chunk);
  } catch {
    throw new CurlFailure(18, "transfer closed with outstanding read data remaining");
  }
  if (sink === process.stdout) return;
  sink.end();
  await finished(sink);
}

async function run(options: CurlOptions, seen: { status: number }): Promise<void> {
  const answer = await fetchAnswer(options);
  seen.status = answer.statusCode ?? 0;
  if (options.fail && seen.status >= 400) {
    throw new CurlFailure(22, `The requested URL returned error: ${seen.status}`);
  }
  await deliver(answer, options.output);
}

const writeOut = (format: string, status: number): string =>
  format
    .replaceAll(/%\{(?:http_code|response_code)\}/g, String(status).padStart(3, "0"))
    .replaceAll(String.raw`\n`, "\n")
    .replaceAll(String.raw`\t`, "\t");

async function main(argv: readonly string[]): Promise<number> {
  const seen = { status: 0 };
  let options: CurlOptions | undefined;
  try {
    options = parseArguments(argv);
    const limit = Promise.withResolvers<never>();
    const { maxTimeMs } = options;
    if (maxTimeMs !== undefined) {
      const late = new CurlFailure(28, `Operation timed out after ${maxTimeMs} milliseconds`);
      setTimeout(() => limit.reject(late), maxTimeMs).unref();
    }
    await Promise.race([run(options, seen), limit.promise]);
    process.stdout.write(writeOut(options.writeOut, seen.status));
    return 0;
  } catch (error) {
    if (!(error instanceof CurlFailure)) throw error;
    if (options === undefined || !options.silent || options.showError) {
      console.error(`curl: (${error.code}) ${error.message}`);
    }
    if (options !== undefined) process.stdout.write(writeOut(options.writeOut, seen.status));
    return error.code;
  }
}

const code = await main(process.argv.slice(2));
process.stdout.write("", () => process.exit(code));
