/** Loaded before the program (node --import): a bug that nobody awaits, whenever the test asks for it. */
process.on("SIGUSR2", () => {
  void Promise.reject(new Error("a bug that nobody expected"));
});
