"""With which key the stack encrypts what it keeps: AWS's own for each service.

Everything that names a key takes it from here. Queues are encrypted by SQS itself, because EventBridge may not use
AWS's KMS key for queues. Topics are not encrypted: CloudWatch may not use AWS's key for topics, and alarms hold no
user's data.
"""

import pulumi_aws as aws

BUCKET_RULE = aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
    apply_server_side_encryption_by_default=(
        aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(sse_algorithm="AES256")
    )
)

PARAMETER_KEY = "alias/aws/ssm"

TABLE = aws.dynamodb.TableServerSideEncryptionArgs(enabled=True)

REPOSITORY = aws.ecr.RepositoryEncryptionConfigurationArgs(encryption_type="AES256")
