import { z } from "zod";
import { ImagesError } from "../images-error.ts";
import { parseHcl, readHclFiles } from "./read.ts";

const variablesSchema = z.object({
  variable: z.record(z.string(), z.array(z.object({ default: z.unknown().optional() }))).default({}),
});

/** The variables that the templates declare, with their defaults; undefined where one must be given. */
export async function readVariables(folder: string): Promise<Map<string, unknown>> {
  const files = await Promise.all((await readHclFiles(folder)).map(parseHcl));
  return new Map(
    files.flatMap((file) =>
      Object.entries(variablesSchema.parse(file).variable).map(([name, [first]]) => [name, first?.default]),
    ),
  );
}

const listSchema = z.array(z.string());

/**
 * The words of a variable that is a list, as given by `--var name=["a","b"]`, or by default.
 *
 * @throws ImagesError `invalid_choice` when what was given is no such list
 */
export async function listVariable(
  name: string,
  { given, folder }: { given: Readonly<Record<string, string>>; folder: string },
): Promise<string[]> {
  const text = given[name];
  if (text === undefined) return listSchema.parse((await readVariables(folder)).get(name));
  try {
    return listSchema.parse(JSON.parse(text));
  } catch {
    throw new ImagesError(
      "invalid_choice",
      `--var ${name}=${text} is no list of words`,
      `It is one like --var '${name}=["iOS"]'.`,
    );
  }
}
