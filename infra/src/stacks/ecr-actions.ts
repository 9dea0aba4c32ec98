/** Knows no resources: a token is good for all repositories that its holder may use. */
export const TOKEN_ACTION = "ecr:GetAuthorizationToken";

/** What `tart pull` calls: manifests, layers, and HEAD of a layer. */
export const PULL_ACTIONS = [
  "ecr:BatchGetImage",
  "ecr:GetDownloadUrlForLayer",
  "ecr:BatchCheckLayerAvailability",
];

/** What `tart push` calls beside that. */
export const PUSH_ACTIONS = [
  "ecr:InitiateLayerUpload",
  "ecr:UploadLayerPart",
  "ecr:CompleteLayerUpload",
  "ecr:PutImage",
];
