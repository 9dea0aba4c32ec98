import { notifications } from "@mantine/notifications";

/** Tells that something worked. */
export function done(message: string): void {
  notifications.show({ color: "green", message });
}

/** Tells that something did not. */
export function failed(error: { message: string }): void {
  notifications.show({ color: "red", title: "That did not work", message: error.message, autoClose: 10_000 });
}
