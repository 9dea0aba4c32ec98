/** Something that is wrong with the templates. */
export interface Finding {
  /** Below the folder of templates. */
  file: string;
  /** A sentence without its end. */
  problem: string;
}

export const findingsOf = (file: string, problems: readonly string[]): Finding[] =>
  problems.map((problem) => ({ file, problem }));
