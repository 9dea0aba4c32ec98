/**
 * How a command ends other than well: what stderr says and which exit code follows
 * (classes R1–R6 of tart-contract §1.2).
 */
export class TartFailure extends Error {
  readonly exitCode: number;
  /** Everything for stderr, without the last newline; empty prints nothing. */
  readonly stderr: string;

  constructor(stderr: string, exitCode: number) {
    super(stderr);
    this.name = "TartFailure";
    this.stderr = stderr;
    this.exitCode = exitCode;
  }
}

/** R1/R6: the bare message, exit 1 unless said otherwise. */
export const runtimeFailure = (message: string, exitCode = 1): TartFailure =>
  new TartFailure(message, exitCode);

/** R2/R5: `Error: ` and a description, exit 1. */
export const swiftFailure = (description: string): TartFailure => new TartFailure(`Error: ${description}`, 1);

/** R3: a bad combination; the usage is added where the command is known. */
export class ValidationFailure extends Error {}
export const validationFailure = (message: string): ValidationFailure => new ValidationFailure(message);

/** The three errors with exit code 2 (tart-contract §1.2). */
export const vmDoesNotExist = (name: string): TartFailure =>
  runtimeFailure(`the specified VM "${name}" does not exist`, 2);
export const vmNotRunning = (name: string): TartFailure => runtimeFailure(`VM "${name}" is not running`, 2);
export const vmAlreadyRunning = (name: string): TartFailure =>
  runtimeFailure(`VM "${name}" is already running!`, 2);

export const vmIsRunning = (name: string): TartFailure => runtimeFailure(`VM "${name}" is running`);
