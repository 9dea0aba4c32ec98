import { CASES, tryCases } from "./matrix.ts";

tryCases(
  CASES.filter(({ isLong }) => isLong),
  1,
);
tryCases(CASES, 1800);
