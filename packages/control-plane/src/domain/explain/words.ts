/** `1 host is`, `3 hosts are`; without verbs `1 host`, `3 hosts`. */
export function agreed(amount: number, noun: string, singular?: string, plural?: string): string {
  const verb = amount === 1 ? singular : plural;
  return `${amount} ${noun}${amount === 1 ? "" : "s"}${verb === undefined ? "" : ` ${verb}`}`;
}

/** Milliseconds as people say them: `40 s`, `4 min`, `2.5 h`. */
export function span(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 360) / 10} h`;
}
