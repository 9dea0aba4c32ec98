import { dieBySignal } from "../host/die.ts";

/** A full disk during a pull ends in an uncaught exception (tart-contract §4.4). */
export function dieOfFullDisk(): Promise<never> {
  return dieBySignal(
    "SIGABRT",
    "*** Terminating app due to uncaught exception 'NSFileHandleOperationException', reason: '*** -[NSConcreteFileHandle writeData:]: No space left on device'",
  );
}
