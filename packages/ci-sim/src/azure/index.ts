export { makeSimAzure, type SimAzure, type SimAzureAgent, type SimAzureJob } from "./azure.ts";
export { mayTake } from "./demands.ts";
