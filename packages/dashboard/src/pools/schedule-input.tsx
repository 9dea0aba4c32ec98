import { ActionIcon, Button, Chip, Fieldset, Group, NumberInput, Stack, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import type { PoolWindow } from "@tartfleet/shared";
import type { DraftWindow } from "./draft.ts";
import { DAYS, dayText } from "./window-text.ts";

const NEW: PoolWindow = { days: ["mon", "tue", "wed", "thu", "fri"], from: "07:00", to: "19:00" };

/** Asks when a pool keeps VMs: the windows of a week, in its time zone. */
export function ScheduleInput({
  windows,
  setWindows,
  timeZone,
  setTimeZone,
}: {
  /** None: always. */
  windows: readonly DraftWindow[];
  setWindows: (windows: DraftWindow[]) => void;
  timeZone: string;
  setTimeZone: (timeZone: string) => void;
}) {
  const change = (changed: DraftWindow) =>
    setWindows(windows.map((window) => (window.key === changed.key ? changed : window)));
  const add = () =>
    setWindows([...windows, { ...NEW, key: Math.max(-1, ...windows.map(({ key }) => key)) + 1 }]);
  return (
    <Fieldset legend="When" p="sm">
      <Stack gap="sm">
        {windows.map((window, at) => (
          <Stack key={window.key} gap={6} role="group" aria-label={`Window ${at + 1}`}>
            <Chip.Group
              multiple
              value={window.days}
              onChange={(days) => change({ ...window, days: DAYS.filter((day) => days.includes(day)) })}
            >
              <Group gap={4}>
                {DAYS.map((day) => (
                  <Chip key={day} value={day} size="xs">
                    {dayText(day)}
                  </Chip>
                ))}
              </Group>
            </Chip.Group>
            <Group gap="xs" align="end" wrap="nowrap">
              <TextInput
                type="time"
                label="From"
                required
                withAsterisk={false}
                value={window.from}
                onChange={(event) => change({ ...window, from: event.currentTarget.value })}
              />
              <TextInput
                type="time"
                label="To"
                required
                withAsterisk={false}
                value={window.to}
                onChange={(event) => change({ ...window, to: event.currentTarget.value })}
              />
              <NumberInput
                label="VMs"
                placeholder="as set"
                min={0}
                allowDecimal={false}
                value={window.minIdle ?? ""}
                onChange={(value) => {
                  const { minIdle: _before, ...rest } = window;
                  change(typeof value === "number" ? { ...rest, minIdle: value } : rest);
                }}
                w={90}
              />
              <ActionIcon
                variant="default"
                size="lg"
                aria-label={`Take window ${at + 1} away`}
                onClick={() => setWindows(windows.filter(({ key }) => key !== window.key))}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            </Group>
          </Stack>
        ))}
        <Group justify="space-between" align="end">
          <Button size="xs" variant="default" onClick={add}>
            {windows.length === 0 ? "Not always" : "Another window"}
          </Button>
          {windows.length > 0 && (
            <TextInput
              label="Time zone"
              value={timeZone}
              onChange={(event) => setTimeZone(event.currentTarget.value)}
              required
              withAsterisk={false}
            />
          )}
        </Group>
      </Stack>
    </Fieldset>
  );
}
