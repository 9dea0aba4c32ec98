import { notifications } from "@mantine/notifications";

const CLOSE = { "aria-label": "Close" };

/** Tells that something worked. */
export function done(message: string): void {
  notifications.show({ color: "green", message, closeButtonProps: CLOSE });
}

/** Tells that something did not. */
export function failed(error: { message: string }): void {
  notifications.show({
    color: "red",
    title: "That did not work",
    message: error.message,
    autoClose: 10_000,
    closeButtonProps: CLOSE,
  });
}
