/** One message to a receiver. */
export interface PostRequest {
  url: URL;
  headers: Readonly<Record<string, string>>;
  body: string;
  signal: AbortSignal;
}

export interface PostAnswer {
  /** HTTP status; a redirect is one like any other. */
  status: number;
  /** The header as it was sent. */
  retryAfter: string | undefined;
  /** How the body begins. */
  text: string;
}

/** Sends a message; throws an error whose message says why no answer came. */
export type Post = (request: PostRequest) => Promise<PostAnswer>;
