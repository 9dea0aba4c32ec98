import { Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from "@tabler/icons-react";
import { HrefLink } from "../parts/links.tsx";
import type { Verdict } from "./verdict.ts";
import styles from "./verdict.module.css";

const ICONS = { well: IconCircleCheck, watch: IconInfoCircle, bad: IconAlertTriangle };

/** Whether all is well, and if not, what is not and where to look. */
export function VerdictBanner({ verdict: { state, sentence, concerns } }: { verdict: Verdict }) {
  const Icon = ICONS[state];
  return (
    <div className={styles["banner"]} data-state={state} role="status">
      <Icon size={26} className={styles["icon"]} aria-hidden />
      <div>
        <Text fw={700} size="lg">
          {sentence}
        </Text>
        {concerns.length > 0 && (
          <ul className={styles["list"]}>
            {concerns.map(({ text, href }) => (
              <li key={text}>
                <HrefLink href={href} underline="always">
                  {text}
                </HrefLink>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
