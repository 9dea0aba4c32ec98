/** Values of variables, and where the templates are. */
export interface Scope {
  variables: ReadonlyMap<string, unknown>;
  root: string;
}

/** Evaluates what the templates say; throws on what none of them has said so far. */
export function evaluate(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((one) => evaluate(one, scope));
  if (typeof value !== "string") return value;
  const [, whole] = /^\$\{([^}]*)\}$/.exec(value) ?? [];
  if (whole !== undefined) return evaluateExpression(whole, scope);
  return value.replaceAll(/\$\{([^}]*)\}/g, (_, inner: string) => String(evaluateExpression(inner, scope)));
}

function evaluateExpression(text: string, scope: Scope): unknown {
  if (text === "path.root") return scope.root;
  const [, name] = /^var\.(\w+)$/.exec(text) ?? [];
  if (name !== undefined) return variable(name, scope);
  const [, separator, list] = /^join\("([^"]*)", var\.(\w+)\)$/.exec(text) ?? [];
  if (separator !== undefined && list !== undefined)
    return (variable(list, scope) as string[]).join(separator);
  const [, tested, then, otherwise] = /^var\.(\w+) != "" \? var\.(\w+) : var\.(\w+)$/.exec(text) ?? [];
  if (tested !== undefined && then !== undefined && otherwise !== undefined)
    return variable(variable(tested, scope) === "" ? otherwise : then, scope);
  throw new Error(`the stand-in for packer does not understand \${${text}}`);
}

function variable(name: string, { variables }: Scope): unknown {
  if (!variables.has(name)) throw new Error(`variable ${name} has no value`);
  return variables.get(name);
}
