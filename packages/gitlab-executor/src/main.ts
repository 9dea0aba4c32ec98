#!/usr/bin/env node
import { setTimeout as pause } from "node:timers/promises";
import { connect } from "@tartfleet/client/node";
import { callStage } from "./call.ts";

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());

process.exitCode = await callStage(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  say: (line) => void process.stderr.write(`${line}\n`),
  signal: stop.signal,
  clock: { now: Date.now, pause: (milliseconds, signal) => pause(milliseconds, undefined, { signal }) },
  connect,
});
