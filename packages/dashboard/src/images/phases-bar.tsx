import { Text } from "@mantine/core";
import type { ImageRecord } from "@tartfleet/shared";
import styles from "./phases-bar.module.css";
import { secondsToComeUp } from "./slowness.ts";
import { PHASE_WORDS, secondsText } from "./words.ts";

/**
 * How long an image's VMs take to come up, phase by phase.
 *
 * @param mostSeconds what the whole width stands for: the same for all images that are shown together
 */
export function PhasesBar({ times, mostSeconds }: { times: ImageRecord["times"]; mostSeconds: number }) {
  if (times.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        No VM has come up with it yet.
      </Text>
    );
  }
  const all = secondsToComeUp(times);
  return (
    <div>
      <div className={styles["bar"]} style={{ width: `${(100 * all) / mostSeconds}%` }} aria-hidden>
        {times.map(({ phase, p50Seconds }) => (
          <div
            key={phase}
            className={styles["part"]}
            data-phase={phase}
            style={{ flexGrow: p50Seconds, flexBasis: 0 }}
          />
        ))}
      </div>
      <ul className={styles["legend"]} aria-label="Time to come up, by phase">
        <li>
          <b className="numbers">{secondsText(all)}</b> to come up:
        </li>
        {times.map(({ phase, p50Seconds, p95Seconds }) => (
          <li
            key={phase}
            className={styles["entry"]}
            title={`95 of 100 take at most ${secondsText(p95Seconds)}`}
          >
            <span className={styles["swatch"]} data-phase={phase} aria-hidden />
            <span className="numbers">
              {PHASE_WORDS[phase]} {secondsText(p50Seconds)}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
