/** Where it is told how GitHub is got on with; once for each change, not for each try. */
export interface GithubLog {
  info(about: Record<string, unknown>, message: string): void;
  warn(about: Record<string, unknown>, message: string): void;
}
