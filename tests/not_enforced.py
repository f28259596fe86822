"""What roles are allowed that the emulator lets everybody do: the recorded graph has to show that it is right."""

NOT_ENFORCED = {
    "logs:CreateLogStream": "the emulator itself writes a function's log",
    "logs:PutLogEvents": "the emulator itself writes a function's log",
    "xray:PutTelemetryRecords": "there is no X-Ray",
    "xray:PutTraceSegments": "there is no X-Ray",
    "ec2:AssignPrivateIpAddresses": "functions run in no network",
    "ec2:CreateNetworkInterface": "functions run in no network",
    "ec2:DeleteNetworkInterface": "functions run in no network",
    "ec2:DescribeNetworkInterfaces": "functions run in no network",
    "ec2:DescribeSubnets": "functions run in no network",
    "ec2:UnassignPrivateIpAddresses": "functions run in no network",
    "sqs:DeleteMessage": "the emulator itself polls the queues",
    "sqs:GetQueueAttributes": "the emulator itself polls the queues",
    "sqs:ReceiveMessage": "the emulator itself polls the queues",
    "sqs:SendMessage": "the emulator itself writes down failed runs",
    "s3:ListBucket": "a missing object is reported as missing to everybody",
    "kms:Decrypt": "nothing is really encrypted",
    "kms:GenerateDataKey": "nothing is really encrypted",
    "s3:DeleteObjectVersion": "deleting many objects at once is one action",
}
"""Action to reason."""
