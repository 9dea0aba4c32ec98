/** Where a VM is in the API. */
export function vmPath(id: string): string {
  return `/v1/vms/${encodeURIComponent(id)}`;
}
