/**
 * All that AWS must allow a host: the one call that asks for a token, and those as which ECR counts what tart and
 * `resolve-tag.ts` fetch by the registry's own API (AWS user guide, "Private registry authentication", "Private
 * repository policy examples"). Who pushes needs all three. Imports nothing, so that policies can be made of it.
 */
export const ECR_ACTIONS = {
  /** Knows no resources: a token is good for all repositories that its holder may use. */
  token: "ecr:GetAuthorizationToken",
  pull: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"],
  push: ["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"],
} as const;
