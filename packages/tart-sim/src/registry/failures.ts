import { swiftFailure, type TartFailure } from "../cli/failure.ts";

/** The failures of tart-contract §5.6. */
export const unexpectedStatus = (when: string, code: number, details = ""): TartFailure =>
  swiftFailure(
    `UnexpectedHTTPStatusCode(when: "${when}", code: ${code}, details: ${JSON.stringify(details)})`,
  );

export const authFailed = (code: number, details: string): TartFailure =>
  swiftFailure(
    `AuthFailed(why: "received unexpected HTTP status code ${code} while retrieving an authentication token", details: ${JSON.stringify(details)})`,
  );
