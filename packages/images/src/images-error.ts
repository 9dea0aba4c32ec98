/** An expected failure: a stable code, what happened, and what to do. */
export class ImagesError extends Error {
  override readonly name = "ImagesError";
  readonly code: ImagesErrorCode;
  readonly advice: string;

  constructor(code: ImagesErrorCode, message: string, advice: string) {
    super(message);
    this.code = code;
    this.advice = advice;
  }
}

export type ImagesErrorCode =
  | "not_a_mac"
  | "program_missing"
  | "step_failed"
  | "timed_out"
  | "invalid_choice"
  | "invalid_templates"
  | "vm_unusable"
  | "image_broken"
  | "image_too_large"
  | "tag_taken"
  | "registry_unknown"
  | "push_failed"
  | "channel_not_set";
