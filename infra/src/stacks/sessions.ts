import { PolicyStatement } from "aws-cdk-lib/aws-iam";

/**
 * What an instance needs for Session Manager and nothing else: the managed policy AmazonSSMManagedInstanceCore would
 * let it read every parameter of the account. None of these actions knows resources.
 *
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
 */
const SESSION_MANAGER_ACTIONS = [
  "ssm:UpdateInstanceInformation",
  "ssmmessages:CreateControlChannel",
  "ssmmessages:CreateDataChannel",
  "ssmmessages:OpenControlChannel",
  "ssmmessages:OpenDataChannel",
];

export const sessionManager = () =>
  new PolicyStatement({ sid: "Sessions", actions: SESSION_MANAGER_ACTIONS, resources: ["*"] });
