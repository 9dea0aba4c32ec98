import type { CliError } from "../cli-error.ts";
import type { Style } from "./style.ts";
import { indent, manyLines, oneLine } from "./text.ts";

/** For people: what happened, every field that is wrong, what to do. */
export function errorText(error: CliError, style: Style): string {
  const { fields = [], advice = [], requestId } = error.facts;
  const { colors } = style;
  const lines = [
    `${colors.red("error:")} ${manyLines(error.message)}`,
    ...fields.map(({ path, message }) => `  ${colors.bold(oneLine(path) || "body")}: ${oneLine(message)}`),
    ...(requestId === undefined ? [] : [colors.dim(`  request id: ${oneLine(requestId)}`)]),
    ...advice.map((line) => indent(manyLines(line), "  ")),
  ];
  return lines.join("\n");
}

/** For `--json`: the same as a document. */
export function errorDocument(error: CliError) {
  const { code, status, fields, advice, requestId } = error.facts;
  return {
    error: {
      code,
      message: error.message,
      exitCode: error.exit,
      ...(status === undefined ? {} : { status }),
      ...(requestId === undefined ? {} : { requestId }),
      ...(fields && fields.length > 0 ? { errors: fields } : {}),
      ...(advice && advice.length > 0 ? { advice } : {}),
    },
  };
}
