/** Where it is told how a CI system is got on with; once for each change, not for each try. */
export interface CiLog {
  info(about: Record<string, unknown>, message: string): void;
  warn(about: Record<string, unknown>, message: string): void;
}
