// The CDK app: run by the cdk program, which reads what it writes.
import { makeFleet } from "./fleet.ts";
import { readSettings, SettingsError } from "./settings.ts";

const EX_CONFIG = 78;

try {
  makeFleet(readSettings("fleet.json")).app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exitCode = EX_CONFIG;
}
