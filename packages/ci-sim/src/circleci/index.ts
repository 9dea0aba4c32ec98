export { makeSimCircleci, type SimCircleci, type SimTask } from "./circleci.ts";
