import { parser } from "@prometheus-io/lezer-promql";

/** A metric that an expression names, with the labels that are asked of it. */
interface Used {
  metric: string;
  matchers: { label: string; operator: string; value: string }[];
}

/**
 * What a PromQL expression names, by Prometheus' own grammar.
 *
 * @throws Error when it is not valid
 */
export function namedIn(expression: string): { used: Used[]; grouping: string[] } {
  const used: Used[] = [];
  const grouping: string[] = [];
  const text = (node: { from: number; to: number }) => expression.slice(node.from, node.to);
  let matcher: Used["matchers"][number] | undefined;
  parser.parse(expression).iterate({
    enter(node) {
      const parent = node.node.parent?.name;
      if (node.type.isError) throw new Error(`not PromQL at ${node.from}: ${expression}`);
      if (node.name === "Identifier") used.push({ metric: text(node), matchers: [] });
      if (node.name === "LabelName" && parent === "GroupingLabels") grouping.push(text(node));
      if (node.name === "LabelName" && parent === "UnquotedLabelMatcher") {
        matcher = { label: text(node), operator: "", value: "" };
        used.at(-1)?.matchers.push(matcher);
      }
      if (node.name === "MatchOp" && matcher) matcher.operator = text(node);
      if (node.name === "StringLiteral" && matcher) matcher.value = text(node).slice(1, -1);
    },
  });
  return { used, grouping };
}
