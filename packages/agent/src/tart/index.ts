export { makeTart } from "./make-tart.ts";
