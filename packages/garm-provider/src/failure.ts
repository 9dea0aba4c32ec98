import { TartfleetError } from "@tartfleet/client/node";

/** What garm takes an exit code for (garm-provider-common, execution/common): 30 is "there is no such instance". */
export const EXIT = { failed: 1, notFound: 30 } as const;

/** An expected failure; garm shows its message as the runner's fault. */
export class ProviderFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.name = "ProviderFailure";
    this.exitCode = exitCode;
  }
}

/** What anything thrown is for garm. */
export function providerFailureOf(error: unknown): ProviderFailure {
  if (error instanceof ProviderFailure) return error;
  if (!(error instanceof TartfleetError)) {
    return new ProviderFailure(`a fault of tartfleet-garm-provider: ${String(error)}`);
  }
  const fields = error.fields.map(({ path, message }) => `${path}: ${message}`);
  const request = error.requestId === undefined ? [] : [`request ${error.requestId}`];
  const details = [...fields, ...request, error.code].join("; ");
  return new ProviderFailure(`${error.message} (${details})`);
}
