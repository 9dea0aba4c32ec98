import type { z } from "zod";

export interface Field {
  /** Where it is, like `runner.labels.0`; empty for the body as a whole. */
  path: string;
  message: string;
}

/** One line for each thing that is wrong, also for those that zod keeps inside another. */
export function fieldsOf(issues: readonly z.core.$ZodIssue[]): Field[] {
  return issues.flatMap((issue): Field[] => {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => field([...path, key], "is not a known field"));
    }
    if (issue.code === "invalid_key") return issue.issues.map((inner) => field(path, inner.message));
    if (issue.code === "invalid_union") return [field(path, alternatives(issue) ?? issue.message)];
    return [field(path, issue.message)];
  });
}

/** Paths and keys can be the caller's own text; a long one would only repeat it. */
function field(path: readonly string[], message: string): Field {
  return { path: path.join(".").slice(0, 255), message };
}

/** What each member of a union would have wanted. */
function alternatives(issue: z.core.$ZodIssueInvalidUnion): string | undefined {
  const wants = issue.errors.flatMap((member) => member.map((inner) => inner.message));
  return wants.length > 0 ? [...new Set(wants)].join(", or ") : undefined;
}
