/** How fast tart-sim's clock goes for the checks. */
export const simSpeed = 500;

/** The macOS image that the checks clone. */
export const simImage = "ghcr.io/cirruslabs/macos-runner:sequoia";
