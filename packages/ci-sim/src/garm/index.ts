export { startGarmApi } from "./api.ts";
export { aBootstrap, aGarm, CONTROLLER, INSTANCE_TOKEN, instanceIn, namesIn, POOL } from "./garm.ts";
