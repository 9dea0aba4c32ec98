#!/usr/bin/env node
import { basename } from "node:path";
import { macDir } from "../which-mac.ts";
import { runProgram, simMac } from "./index.ts";

const [, path = "", ...args] = process.argv;
const dir = macDir(process.env);
if (dir === undefined) throw new Error("MAC_SIM_DIR must name the Mac's folder");
const {
  code,
  stdout = "",
  stderr = "",
} = runProgram([basename(path), ...args], simMac(dir, process.env["MAC_SIM_USER"]));
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code;
