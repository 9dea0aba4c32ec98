import { Stack } from "@mantine/core";
import type { BoardSummary } from "@tartfleet/shared";
import { Link } from "@tanstack/react-router";
import { countText } from "../parts/text.ts";
import { LOOK_WORDS } from "./looks.ts";
import styles from "./slots-bar.module.css";

const PARTS = ["busy", "warm", "draining", "held", "free", "cordoned", "phantom", "unreachable"] as const;

/** All slots of the fleet by what they do; the parts sum to the whole. */
export function SlotsBar({ slots, hosts }: { slots: BoardSummary["slots"]; hosts: number }) {
  const told = PARTS.filter((part) => slots[part] > 0).map(
    (part) => `${slots[part]} ${LOOK_WORDS[part].word}`,
  );
  return (
    <Stack gap="xs">
      <div
        className={styles["bar"]}
        role="img"
        aria-label={`${countText(slots.total, "slot")}: ${told.join(", ")}`}
      >
        {PARTS.filter((part) => slots[part] > 0).map((part) => (
          <div
            key={part}
            className={styles["part"]}
            data-look={part}
            style={{ flexGrow: slots[part], flexBasis: 0 }}
          >
            {slots[part] / slots.total > 0.04 && slots[part].toLocaleString("en")}
          </div>
        ))}
      </div>
      <ul className={styles["legend"]}>
        {PARTS.map((part) => (
          <li key={part}>
            <Link
              to="/"
              search={{ state: part }}
              className={styles["entry"] ?? ""}
              title={`Show these: ${LOOK_WORDS[part].means}`}
              data-none={slots[part] === 0 || undefined}
              activeProps={{}}
            >
              <span className={styles["swatch"]} data-look={part} aria-hidden>
                {LOOK_WORDS[part].sign}
              </span>
              <span className="numbers">
                <b>{slots[part].toLocaleString("en")}</b> {LOOK_WORDS[part].word}
              </span>
            </Link>
          </li>
        ))}
        <li>
          <span className={styles["entry"]} data-none>
            of {countText(slots.total, "slot")} on {countText(hosts, "Mac")}
          </span>
        </li>
      </ul>
    </Stack>
  );
}
