"""Data is encrypted, at rest and on its way, and nobody else's to read."""

import ipaddress
from collections.abc import Callable

from pulumi_policy import PolicyResource, ReportViolation, ResourceValidationArgs, StackValidationArgs

from policy.facts import Properties, allows_everybody, of_type, section, several, stack_of, statements

# The emulator speaks no TLS.
WITHOUT_TLS = frozenset({"local"})
SECRET_NAMES = ("api_key", "password", "url")

BUCKET = "aws:s3/bucket:Bucket"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
BUCKET_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _secret_parameter(props: Properties) -> bool:
    return props["type"] == "SecureString" or not str(props["name"]).endswith(SECRET_NAMES)


def _volumes(props: Properties) -> bool:
    return bool(section(props, "rootBlockDevice").get("encrypted"))


# Type -> whether it is encrypted, and what to write if not.
_ENCRYPTED: dict[str, tuple[Callable[[Properties], bool], str]] = {
    "aws:rds/instance:Instance": (lambda props: bool(props.get("storageEncrypted")), "storage_encrypted=True"),
    "aws:sqs/queue:Queue": (
        lambda props: bool(props.get("sqsManagedSseEnabled") or props.get("kmsMasterKeyId")),
        "sqs_managed_sse_enabled=True",
    ),
    "aws:sns/topic:Topic": (lambda props: bool(props.get("kmsMasterKeyId")), "kms_master_key_id"),
    "aws:dynamodb/table:Table": (
        lambda props: bool(section(props, "serverSideEncryption").get("enabled")),
        "server_side_encryption",
    ),
    "aws:ecr/repository:Repository": (
        lambda props: bool(props.get("encryptionConfigurations")),
        "encryption_configurations",
    ),
    "aws:ec2/instance:Instance": (_volumes, 'root_block_device={"encrypted": True}'),
    "aws:ssm/parameter:Parameter": (_secret_parameter, "type=SECURE_STRING for keys, passwords and addresses"),
    "aws:kms/key:Key": (lambda props: bool(props.get("enableKeyRotation")), "enable_key_rotation=True"),
}


def is_encrypted(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """Whatever keeps data says how it is encrypted; AWS's defaults differ, and change."""
    if args.resource_type in _ENCRYPTED:
        fulfilled, remedy = _ENCRYPTED[args.resource_type]
        if not fulfilled(args.props):
            report(f"{args.name} keeps data that is not encrypted as it should be: set {remedy}.", args.urn)


# Type -> whether it is anybody's, and what to write if so.
_PUBLIC: dict[str, tuple[Callable[[Properties], object], str]] = {
    "aws:rds/instance:Instance": (
        lambda props: props.get("publiclyAccessible") is not False,
        "could be reached from the internet: set publicly_accessible=False.",
    ),
    INGRESS_RULE: (
        lambda props: any(_is_public(props.get(each)) for each in ("cidrIpv4", "cidrIpv6")),
        "lets others in: name a security group or the network's own addresses.",
    ),
    "aws:ec2/securityGroup:SecurityGroup": (
        lambda props: props.get("ingress"),
        "has rules of its own: write each as an aws.vpc.SecurityGroupIngressRule.",
    ),
    "aws:ec2/securityGroupRule:SecurityGroupRule": (
        lambda props: props.get("type") != "egress",
        "is not looked at: write it as an aws.vpc.SecurityGroupIngressRule.",
    ),
    "aws:lambda/functionUrl:FunctionUrl": (
        lambda props: props.get("authorizationType") != "AWS_IAM",
        "lets everybody call a function: put it behind a SecureApi.",
    ),
    "aws:apigatewayv2/route:Route": (
        lambda props: (
            props.get("authorizationType", "NONE") == "NONE" and not str(props["routeKey"]).startswith("GET ")
        ),
        "needs no token: only routes that read (GET) may be public.",
    ),
    BLOCK: (
        lambda props: not all(props.get(each) is True for each in BLOCKS),
        "leaves a way to make a bucket public: set all four blocks.",
    ),
    **dict.fromkeys(
        (
            BUCKET_POLICY,
            "aws:ecr/repositoryPolicy:RepositoryPolicy",
            "aws:kms/key:Key",
            "aws:sns/topicPolicy:TopicPolicy",
            "aws:sqs/queuePolicy:QueuePolicy",
        ),
        (
            lambda props: any(map(allows_everybody, statements(str(props["policy"])))),
            "allows something to everybody: name the principals.",
        ),
    ),
}


def is_private(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """No database, port, function, route or store is open to the internet but what is meant to be."""
    if args.resource_type in _PUBLIC:
        public, what = _PUBLIC[args.resource_type]
        if public(args.props):
            report(f"{args.name} {what}", args.urn)


def _is_public(block: object) -> bool:
    """Whether addresses, as `10.20.0.0/16`, are not only of a private network."""
    return block is not None and not ipaddress.ip_network(str(block), strict=False).is_private


def buckets_are_closed(args: StackValidationArgs, report: ReportViolation) -> None:
    """Each bucket has what makes it private, encrypted and deaf to plain HTTP, each a resource of its own."""
    for bucket in of_type(args.resources, BUCKET):
        name = bucket.props["bucket"]

        def beside(type_: str, bucket: object = name) -> list[PolicyResource]:
            return [each for each in of_type(args.resources, type_) if each.props["bucket"] == bucket]

        if not beside(BLOCK):
            report(f"{bucket.name} needs an aws.s3.BucketPublicAccessBlock.", bucket.urn)
        if not beside(BUCKET_ENCRYPTION):
            report(f"{bucket.name} needs an aws.s3.BucketServerSideEncryptionConfiguration.", bucket.urn)
        policies = [str(each.props["policy"]) for each in beside(BUCKET_POLICY)]
        if stack_of(bucket.urn) not in WITHOUT_TLS and not any(
            _refuses_plain_http(each, str(bucket.props["arn"])) for each in policies
        ):
            report(f"{bucket.name} needs a policy that denies what does not come by TLS.", bucket.urn)


def _refuses_plain_http(document: str, bucket_arn: str) -> bool:
    """Whether a bucket's policy does, for the bucket and for its objects."""
    return any(
        statement["Effect"] == "Deny"
        and statement.get("Principal") == "*"
        and "s3:*" in several(statement["Action"])
        and {bucket_arn, f"{bucket_arn}/*"} <= set(several(statement["Resource"]))
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in statements(document)
    )
