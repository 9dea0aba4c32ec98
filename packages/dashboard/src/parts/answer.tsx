import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Failed, Waiting } from "./page.tsx";

/** What a query answered, or that it is awaited, or why there is no answer. An older answer stays on the screen. */
export function Answer<T>({
  of: query,
  children,
}: {
  of: Pick<UseQueryResult<T, { message: string }>, "data" | "error" | "refetch">;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return <Waiting />;
}
