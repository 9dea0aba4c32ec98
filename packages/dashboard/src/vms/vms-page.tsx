import { Button, Center, Group, Select } from "@mantine/core";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useClient } from "../link/linked.tsx";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { Empty, Page } from "../parts/page.tsx";
import { TypedInput } from "../parts/typed-input.tsx";
import { queryOf, VM_FILTER_STATES, type VmsFilter } from "./filter.ts";
import { VmTable } from "./vm-table.tsx";

const PAGE = 50;

/** All VMs, the newest first. */
export function VmsPage() {
  const filter = useSearch({ from: "/vms" });
  const trpc = useTRPC();
  const client = useClient();
  const query = { ...queryOf(filter), limit: PAGE };
  const vms = useInfiniteQuery({
    queryKey: trpc.vms.list.infiniteQueryKey(query),
    // Not tRPC's own options: they add a direction, which the control plane does not know.
    queryFn: ({ pageParam, signal }) =>
      client.vms.list.query({ ...query, ...(pageParam === null ? {} : { cursor: pageParam }) }, { signal }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    placeholderData: keepPreviousData,
  });
  return (
    <Page title="VMs">
      <Filter filter={filter} />
      <Answer of={vms}>
        {({ pages }) => {
          const all = pages.flatMap((page) => page.vms);
          return all.length === 0 ? (
            <Empty title="No VM fits">Ended VMs are forgotten after a while.</Empty>
          ) : (
            <VmTable vms={all} label="VMs" />
          );
        }}
      </Answer>
      {vms.hasNextPage && (
        <Center>
          <Button variant="default" loading={vms.isFetchingNextPage} onClick={() => void vms.fetchNextPage()}>
            Show more
          </Button>
        </Center>
      )}
    </Page>
  );
}

const FIELDS = [
  ["name", "Name"],
  ["team", "Team"],
  ["host", "Host"],
  ["jobId", "Job id"],
  ["label", "label=value"],
] as const;

function Filter({ filter }: { filter: VmsFilter }) {
  const navigate = useNavigate({ from: "/vms" });
  const ask = (key: keyof VmsFilter) => (value: string | null) =>
    void navigate({
      to: "/vms",
      search: (before) => ({ ...before, [key]: value || undefined }),
      replace: true,
    });
  return (
    <Group gap="xs" role="search" aria-label="Filter the VMs">
      <Select
        aria-label="State"
        placeholder="any state"
        data={[...VM_FILTER_STATES]}
        value={filter.state ?? null}
        onChange={ask("state")}
        clearable
        w={150}
      />
      {FIELDS.map(([key, text]) => (
        <TypedInput key={key} label={text} width={130} value={filter[key] ?? ""} ask={ask(key)} />
      ))}
    </Group>
  );
}
