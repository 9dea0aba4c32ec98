#!/usr/bin/env node
import { basename } from "node:path";
import { run, simMac } from "./programs.ts";

/* A program of a simulated Mac, by the name that it is called by. TEST_MAC is the Mac's folder, and TEST_MAC_USER who asks. */
const [, path = "", ...args] = process.argv;
const {
  code,
  stdout = "",
  stderr = "",
} = run([basename(path), ...args], simMac(process.env["TEST_MAC"] ?? "", process.env["TEST_MAC_USER"]));
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code;
