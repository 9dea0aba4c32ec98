#!/usr/bin/env node
import { text } from "node:stream/consumers";
import { callProvider } from "./call.ts";

const { exitCode, stdout, stderr } = await callProvider(process.env, () => text(process.stdin));
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = exitCode;
