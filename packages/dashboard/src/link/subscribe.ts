/** What a subscription tells of. */
export interface Listener<T> {
  onData: (value: T) => void;
  onError: () => void;
}

const PAUSE_MS = 1000;

/**
 * Keeps a subscription open: tRPC opens it again after the socket was lost, but not after the control plane has
 * ended it with an error, as it does when it restarts.
 *
 * @param open asked each time anew
 * @returns ends it for good
 */
export function keepSubscribed<T>(
  open: (listener: Listener<T>) => { unsubscribe(): void },
  onData: (value: T) => void,
): () => void {
  let current: { unsubscribe(): void } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const start = () => {
    current = open({
      onData,
      onError() {
        timer = setTimeout(start, PAUSE_MS);
      },
    });
  };
  start();
  return () => {
    clearTimeout(timer);
    current?.unsubscribe();
  };
}
