/** An expected failure: a stable code, what happened, and what to do. */
export class BundleError extends Error {
  override readonly name = "BundleError";
  readonly code: BundleErrorCode;
  readonly advice: string;

  constructor(code: BundleErrorCode, message: string, advice: string) {
    super(message);
    this.code = code;
    this.advice = advice;
  }
}

export type BundleErrorCode =
  | "invalid_choice"
  | "node_missing"
  | "node_not_fetched"
  | "node_damaged"
  | "key_missing"
  | "not_signed";
