import { Group, Stack, Text } from "@mantine/core";
import type { VmEvent, VmRecord } from "@tartfleet/shared";
import { useNow } from "../parts/clock.ts";
import { PageLink } from "../parts/links.tsx";
import { durationText } from "../parts/text.ts";
import { AttemptFailure } from "./attempt-failure.tsx";
import styles from "./life.module.css";
import { lifeOf, type Chapter, type Phase } from "./life.ts";

/** A VM's life: how long each phase took of what it may, each chapter to a scale of its own. */
export function Life({ events, vm }: { events: readonly VmEvent[]; vm: VmRecord }) {
  const chapters = lifeOf(events, vm);
  return (
    <Stack gap="sm">
      {chapters.map((chapter, index) => (
        <ChapterView
          key={`${chapter.kind} ${chapter.phases[0]?.from}`}
          chapter={chapter}
          isAgain={index > 0}
        />
      ))}
    </Stack>
  );
}

function ChapterView({ chapter, isAgain }: { chapter: Chapter; isAgain: boolean }) {
  const now = useNow();
  const from = chapter.phases[0]?.from ?? now;
  const until = Math.max(...chapter.phases.map((phase) => phase.until ?? now), from + 1);
  return (
    <section className={styles["chapter"]} aria-label={titleOf(chapter, isAgain)}>
      <Group justify="space-between" mb={4}>
        <Text fw={600} component="h3" fz="md" m={0}>
          {titleOf(chapter, isAgain)}
          {chapter.host !== null && (
            <>
              {" on "}
              <PageLink to="/hosts/$name" params={{ name: chapter.host }}>
                {chapter.host}
              </PageLink>
            </>
          )}
        </Text>
        <Text size="sm" className="numbers">
          {durationText(until - from)}
        </Text>
      </Group>
      {chapter.phases.map((phase) => (
        <PhaseRow key={`${phase.state} ${phase.from}`} phase={phase} scale={{ from, until }} now={now} />
      ))}
      {chapter.error && <AttemptFailure error={chapter.error} />}
    </section>
  );
}

function titleOf({ kind, attempt }: Chapter, isAgain: boolean): string {
  if (kind === "wait") return isAgain ? "Waited again" : "Waited for a slot";
  return kind === "attempt" ? `Attempt ${attempt}: brought up` : "Ran";
}

function PhaseRow({
  phase,
  scale,
  now,
}: {
  phase: Phase;
  scale: { from: number; until: number };
  now: number;
}) {
  const lasted = Math.max(0, (phase.until ?? now) - phase.from);
  const whole = scale.until - scale.from;
  const left = ((phase.from - scale.from) / whole) * 100;
  return (
    <div className={styles["phase"]}>
      <Text size="sm">{phase.state}</Text>
      <div className={styles["track"]} aria-hidden>
        <div
          className={styles["bar"]}
          data-how={howOf(phase, lasted)}
          style={{
            left: `${Math.min(left, 99.5)}%`,
            width: `${Math.min(100 - left, (lasted / whole) * 100)}%`,
          }}
        />
      </div>
      <Text size="sm" className="numbers" ta="right">
        {durationText(lasted)}
        {phase.budgetMs !== null && (
          <Text span size="xs" c="dimmed">
            {" of "}
            {durationText(phase.budgetMs)}
            {phase.budgetFrom !== null && ` (${phase.budgetFrom})`}
          </Text>
        )}
        {phase.isFailure && ", failed"}
      </Text>
    </div>
  );
}

/** Of its budget, from when on a phase counts as slow. */
const SLOW = 0.8;

function howOf({ isFailure, until, budgetMs }: Phase, lasted: number): "failed" | "slow" | "lasts" | "done" {
  if (isFailure) return "failed";
  if (budgetMs !== null && lasted > budgetMs * SLOW) return "slow";
  return until === null ? "lasts" : "done";
}
