/** What the commands have of the world. */
export interface Context {
  env: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  /** Milliseconds since 1970. */
  now: () => number;
  say: (line: string) => void;
  /** Aborted when a person stops the command. */
  signal: AbortSignal;
  /** Of the images' templates. */
  folder: string;
  /** Of the template of the hosts' AMI. */
  hostFolder: string;
}
