/** Where the parts of a GitHub are reached. */
export interface Places {
  /** Of the REST API, by which runners' registration is reached too. */
  rest: string;
  /** Of the Actions service. */
  service: string;
}

/**
 * As GitHub has it: github.com and hosts with data residency (`ghe.com`) have an `api.` beside them and an Actions
 * service elsewhere, an Enterprise Server has both under its own name (docs.github.com; actions/scaleset config.go).
 */
export function placesOf(url: string): Places {
  const { protocol, host } = new URL(url);
  return host === "github.com" || host.endsWith(".ghe.com")
    ? { rest: `${protocol}//api.${host}`, service: "https://pipelines.actions.githubusercontent.com/tenant" }
    : { rest: `${url}/api/v3`, service: `${url}/_services/pipelines/tenant` };
}
