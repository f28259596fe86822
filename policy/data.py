"""Data is encrypted, at rest and on its way, and nobody else's to read."""

from collections.abc import Callable

from pulumi_policy import PolicyResource, ReportViolation, ResourceValidationArgs, StackValidationArgs

from policy.facts import ANYWHERE, Properties, of_type, section, several, stack_of, statements

# The emulator speaks no TLS.
WITHOUT_TLS = frozenset({"local"})
SECRET_NAMES = ("api_key", "password", "url")

BUCKET = "aws:s3/bucket:Bucket"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
BUCKET_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
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


def is_private(args: ResourceValidationArgs, report: ReportViolation) -> None:
    """No database, port, function or route is open to the internet but what is meant to be."""
    props = args.props
    match args.resource_type:
        case "aws:rds/instance:Instance" if props.get("publiclyAccessible") is not False:
            report(f"{args.name} could be reached from the internet: set publicly_accessible=False.", args.urn)
        case "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule" if ANYWHERE & {
            str(props.get("cidrIpv4")),
            str(props.get("cidrIpv6")),
        }:
            report(f"{args.name} lets everybody in: name a security group or the network's own addresses.", args.urn)
        case "aws:ec2/securityGroup:SecurityGroup" if props.get("ingress"):
            report(f"{args.name} has rules of its own: write each as an aws.vpc.SecurityGroupIngressRule.", args.urn)
        case "aws:lambda/functionUrl:FunctionUrl" if props.get("authorizationType") != "AWS_IAM":
            report(f"{args.name} lets everybody call a function: put it behind a SecureApi.", args.urn)
        case "aws:apigatewayv2/route:Route" if props.get("authorizationType", "NONE") == "NONE" and not str(
            props["routeKey"]
        ).startswith("GET "):
            report(f"{args.name} needs no token: only routes that read (GET) may be public.", args.urn)
        case _ if args.resource_type == BLOCK and not all(props.get(each) is True for each in BLOCKS):
            report(f"{args.name} leaves a way to make a bucket public: set all four blocks.", args.urn)
        case _:
            pass


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
        if stack_of(bucket.urn) not in WITHOUT_TLS and not any(map(_refuses_plain_http, policies)):
            report(f"{bucket.name} needs a policy that denies what does not come by TLS.", bucket.urn)


def _refuses_plain_http(document: str) -> bool:
    return any(
        statement["Effect"] == "Deny"
        and statement.get("Principal") == "*"
        and "s3:*" in several(statement["Action"])
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in statements(document)
    )
