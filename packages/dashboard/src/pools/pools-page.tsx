import { SimpleGrid } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../link/trpc.ts";
import { Answer } from "../parts/answer.tsx";
import { Empty, Page } from "../parts/page.tsx";
import { useMay } from "../session/use-session.ts";
import { PoolCard } from "./pool-card.tsx";
import { SetPool } from "./set-pool.tsx";

/** VMs that are kept booted and free, so that who asks for one need not wait. */
export function PoolsPage() {
  const trpc = useTRPC();
  const pools = useQuery(trpc.pools.list.queryOptions());
  const mayManage = useMay("pool.manage");
  return (
    <Page title="Warm pools" aside={mayManage && <SetPool />}>
      <Answer of={pools}>
        {(data) =>
          data.length === 0 ? (
            <Empty title="Nothing is kept warm">
              A pool keeps VMs of an image booted and free while there is room; who asks for one like them has
              it at once.
            </Empty>
          ) : (
            <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="sm" style={{ alignItems: "start" }}>
              {data.map((pool) => (
                <PoolCard key={pool.name} pool={pool} />
              ))}
            </SimpleGrid>
          )
        }
      </Answer>
    </Page>
  );
}
