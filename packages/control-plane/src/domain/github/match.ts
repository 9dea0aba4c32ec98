/** What a job may be taken by: labels that all of its own are among, at a place where its repository may use them. */
export interface Offer {
  name: string;
  labels: readonly string[];
  scope: { organization: string } | { repository: string } | { enterprise: string };
}

/**
 * The offer that a job is for; of several the one with the fewest labels, which leaves the others to jobs that need
 * them. An enterprise's is everybody's: which organisations are its own is not told.
 */
export function offerFor(
  offers: readonly Offer[],
  job: { labels: readonly string[]; repository: string },
): Offer | undefined {
  return offers
    .filter(({ labels, scope }) => hasAll(labels, job.labels) && reaches(scope, job.repository))
    .toSorted((a, b) => a.labels.length - b.labels.length)[0];
}

/** GitHub compares labels without regard to case. */
function hasAll(labels: readonly string[], asked: readonly string[]): boolean {
  const known = new Set(labels.map((label) => label.toLowerCase()));
  return asked.length > 0 && asked.every((label) => known.has(label.toLowerCase()));
}

function reaches(scope: Offer["scope"], repository: string): boolean {
  const name = repository.toLowerCase();
  if ("repository" in scope) return name === scope.repository.toLowerCase();
  return "enterprise" in scope || name.startsWith(`${scope.organization.toLowerCase()}/`);
}
