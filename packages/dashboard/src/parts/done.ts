import { notifications } from "@mantine/notifications";

/** Tells that something did not. */
export function failed(error: { message: string }): void {
  notifications.show({ color: "red", title: "That did not work", message: error.message, autoClose: 10_000 });
}
