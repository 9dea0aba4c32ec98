import type { AppRouter } from "@tartfleet/control-plane/router";
import { createTRPCContext } from "@trpc/tanstack-react-query";

/** `useTRPC()` has the options of every query, mutation and subscription of the control plane. */
export const { TRPCProvider, useTRPC } = createTRPCContext<AppRouter>();
