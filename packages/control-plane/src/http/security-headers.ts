/**
 * On every answer. Nothing here is a page: a browser that is led here by somebody else must not show it, run
 * it, frame it, or let another site read it.
 */
export const SECURITY_HEADERS = {
  "content-security-policy":
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
} as const;

/** Over TLS alone: a plain answer that said so would be ignored, or lock people out. */
export const HSTS = { "strict-transport-security": "max-age=31536000" } as const;
