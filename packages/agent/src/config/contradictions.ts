import { mayNotBePlain } from "@tartfleet/tls";
import type { Settings } from "./settings.ts";

/** What is wrong only when several of the agent's settings are seen together. */
export function contradictions({
  url,
  insecure,
  enrolmentToken,
  enrolmentTokenFile,
}: Pick<Settings, "url" | "insecure" | "enrolmentToken" | "enrolmentTokenFile">): string[] {
  const mistakes = [];
  if (enrolmentToken !== undefined && enrolmentTokenFile !== undefined) {
    mistakes.push("--enrolment-token-file: give it or TARTFLEET_ENROLMENT_TOKEN, not both");
  }
  if (mayNotBePlain(url, insecure)) {
    mistakes.push(
      `--url: ${url} is plain text, so that everyone on the way could read the credential and VMs' secrets; say https://, or type --insecure`,
    );
  }
  return mistakes;
}
