const NAME = /^(?<definition>.+)-(?<vmId>[a-z0-9]{16})-(?<attempt>\d+)-[a-z0-9]{4}$/;

/** A runner's name is never used twice, and says whose it is. GitHub takes 64 characters. */
export function runnerName(definition: string, vm: { id: string; attempt: number }, salt: string): string {
  return `${definition}-${vm.id}-${vm.attempt}-${salt}`;
}

/** The VM that a runner of that name is for; undefined when the name is not one of ours. */
export function vmOfRunner(name: string | null): string | undefined {
  return name === null ? undefined : NAME.exec(name)?.groups?.["vmId"];
}

/** The definition that a runner of that name is of; undefined when the name is not one of ours. */
export function definitionOfRunner(name: string | null): string | undefined {
  return name === null ? undefined : NAME.exec(name)?.groups?.["definition"];
}
