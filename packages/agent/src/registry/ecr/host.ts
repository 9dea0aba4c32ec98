/** A private registry of Amazon's (ECR), as its host's name tells it. */
export interface EcrHost {
  region: string;
  /** The kind of its address; its tokens come from an endpoint of the same kind. */
  isFips: boolean;
  isDualStack: boolean;
}

/**
 * The forms of the AWS user guide ("Private registry", "Making requests to Amazon ECR registries") and of Amazon's
 * own credential helper: by IPv4, FIPS or not, in each partition, and by both IPv4 and IPv6. An account always has
 * twelve digits. A name is matched as a whole: a password goes to nobody whose name only looks like one.
 */
const IPV4 =
  /^\d{12}\.dkr\.ecr(-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$/;
const DUAL_STACK = /^\d{12}\.dkr-ecr(-fips)?\.([a-z0-9-]+)\.on\.(?:aws|amazonwebservices\.com\.cn)$/;

/** Undefined for every host that is no private registry of ECR's; its public gallery needs no login. */
export function ecrHost(registry: string): EcrHost | undefined {
  const ipv4 = IPV4.exec(registry);
  const found = ipv4 ?? DUAL_STACK.exec(registry);
  const region = found?.[2];
  if (region === undefined) return undefined;
  return { region, isFips: found?.[1] !== undefined, isDualStack: ipv4 === null };
}
