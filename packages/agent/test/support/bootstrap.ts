import { Secret, type Bootstrap } from "@tartfleet/shared";

/** What a guest without a runner is set up with. */
export const bootstrapOf = (vmName: string): Bootstrap => ({
  vmName,
  jobId: null,
  publicUrl: "http://cp",
  vmToken: new Secret("secret"),
  env: {},
  runner: null,
});
