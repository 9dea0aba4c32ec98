import { CfnOutput, Duration, RemovalPolicy, Stack, type App, type StackProps } from "aws-cdk-lib";
import { Repository, TagMutability, TagStatus } from "aws-cdk-lib/aws-ecr";
import type { Settings } from "../settings.ts";

/** A repository for each kind of image. Tags never move; old images go, because each is tens of gigabytes. */
export class RegistryStack extends Stack {
  readonly repositories: readonly Repository[];

  constructor(app: App, id: string, { registry }: Settings, props: StackProps) {
    super(app, id, props);
    const { repositories, keepImages, untaggedDays, scanOnPush } = registry;
    this.repositories = repositories.map((name) => {
      const repository = new Repository(this, `Repository-${name}`, {
        repositoryName: name,
        imageTagMutability: TagMutability.IMMUTABLE,
        imageScanOnPush: scanOnPush,
        removalPolicy: RemovalPolicy.RETAIN,
        lifecycleRules: [
          {
            description: `without a tag for ${untaggedDays} days`,
            tagStatus: TagStatus.UNTAGGED,
            maxImageAge: Duration.days(untaggedDays),
          },
          {
            description: `all but the newest ${keepImages}`,
            tagStatus: TagStatus.TAGGED,
            tagPatternList: ["*"],
            maxImageCount: keepImages,
          },
        ],
      });
      new CfnOutput(this, `Uri-${name}`, { value: repository.repositoryUri });
      return repository;
    });
  }
}
