import { Button, Center } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useClient } from "../link/linked.tsx";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { Empty, Page } from "../parts/page.tsx";
import { Acts } from "./acts.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { auditQueryOf } from "./filter.ts";

const PAGE = 50;

/** Who did what to what, newest first. */
export function AuditPage() {
  const filter = useSearch({ from: "/audit" });
  const trpc = useTRPC();
  const client = useClient();
  const query = { ...auditQueryOf(filter), limit: PAGE };
  const acts = useInfiniteQuery({
    queryKey: trpc.audit.list.queryKey(query),
    queryFn: ({ pageParam, signal }) =>
      client.audit.list.query({ ...query, ...(pageParam === null ? {} : { after: pageParam }) }, { signal }),
    initialPageParam: null as number | null,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });
  const records = acts.data?.pages.flatMap((page) => page.records) ?? [];
  return (
    <Page title="Audit">
      <FilterBar filter={filter} records={records} />
      <Answer of={acts}>
        {() =>
          records.length === 0 ? (
            <Empty title="No act fits">Who, what and to what must stand here exactly as in the log.</Empty>
          ) : (
            <Acts records={records} />
          )
        }
      </Answer>
      {acts.hasNextPage && (
        <Center>
          <Button
            variant="default"
            loading={acts.isFetchingNextPage}
            onClick={() => void acts.fetchNextPage()}
          >
            Show more
          </Button>
        </Center>
      )}
    </Page>
  );
}
