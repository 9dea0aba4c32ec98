// Says what a tag stands for: `node ask.ts REFERENCE`, with the environment of a host.
import { makeResolveTag } from "../../../src/registry/resolve-tag.ts";

const [reference = ""] = process.argv.slice(2);
const answer = await makeResolveTag(process.env)(reference, new AbortController().signal);
process.stdout.write(JSON.stringify(answer));
