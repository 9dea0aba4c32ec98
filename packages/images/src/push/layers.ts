/** tart makes a layer of each so many bytes of the disk's file (images.md §3.3: 512 MiB). */
const CHUNK = 536_870_912;
/** The configuration and the NVRAM. */
const OTHERS = 2;

/** Amazon's registry refuses images of more layers, as two teams have measured; no quota says so. */
const ECR_LIMIT = 500;
/** Beyond it nothing is pushed: an image that nearly fits is one update away from one that does not. */
export const MOST_LAYERS = 400;

export const layersOf = (diskBytes: number): number => Math.ceil(diskBytes / CHUNK) + OTHERS;

/** Why an image is not pushed, or undefined. */
export function tooManyLayers(diskBytes: number): string | undefined {
  const layers = layersOf(diskBytes);
  if (layers <= MOST_LAYERS) return undefined;
  return `Its disk of ${Math.round(diskBytes / 1e9)} GB makes ${layers} layers: more than ${MOST_LAYERS} are not pushed, and ECR takes no more than ${ECR_LIMIT}`;
}
