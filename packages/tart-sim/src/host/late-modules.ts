// Built-in modules that take milliseconds to load, which most commands can do without: a fleet's
// agent lists its VMs all the time, and every listing is a process.
export const crypto = () => process.getBuiltinModule("node:crypto");
export const childProcess = () => process.getBuiltinModule("node:child_process");
