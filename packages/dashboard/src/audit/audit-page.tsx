import { Button, Center, Group } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useClient } from "../link/linked.tsx";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { Empty, Page } from "../parts/page.tsx";
import { TypedInput } from "../parts/typed-input.tsx";
import { Acts } from "./acts.tsx";
import type { AuditFilter } from "./filter.ts";

const PAGE = 50;

/** Who did what to what, newest first. */
export function AuditPage() {
  const filter = useSearch({ from: "/audit" });
  const trpc = useTRPC();
  const client = useClient();
  const query = { ...filter, order: "newest" as const, limit: PAGE };
  const acts = useInfiniteQuery({
    queryKey: trpc.audit.list.queryKey(query),
    queryFn: ({ pageParam, signal }) =>
      client.audit.list.query({ ...query, ...(pageParam === null ? {} : { after: pageParam }) }, { signal }),
    initialPageParam: null as number | null,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });
  return (
    <Page title="Audit">
      <Filter filter={filter} />
      <Answer of={acts}>
        {({ pages }) => {
          const records = pages.flatMap((page) => page.records);
          return records.length === 0 ? (
            <Empty title="No act fits">
              Actor, action and subject must stand here exactly as in the log.
            </Empty>
          ) : (
            <Acts records={records} />
          );
        }}
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

const FIELDS = [
  ["actor", "Actor", 240],
  ["action", "Action, like vm.create", 200],
  ["subject", "Subject", 240],
] as const;

function Filter({ filter }: { filter: AuditFilter }) {
  const navigate = useNavigate({ from: "/audit" });
  const ask = (key: keyof AuditFilter) => (value: string) =>
    void navigate({
      to: "/audit",
      search: (before) => ({ ...before, [key]: value || undefined }),
      replace: true,
    });
  return (
    <Group gap="xs" role="search" aria-label="Filter the log">
      {FIELDS.map(([key, text, width]) => (
        <TypedInput key={key} label={text} width={width} value={filter[key] ?? ""} ask={ask(key)} />
      ))}
    </Group>
  );
}
