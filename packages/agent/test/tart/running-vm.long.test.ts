import { runningVm } from "./running-vm.ts";

runningVm("launchd");
