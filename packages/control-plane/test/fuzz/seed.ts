/** The seed of the long fuzz tests: one that stays, so that a change is judged by itself; `FUZZ_SEED` for others. */
export const FUZZ_SEED = Number(process.env.FUZZ_SEED ?? 401_259_488);
