"""A provider that creates nothing: it answers with what AWS would plausibly return, the same at each run."""

from typing import Any, cast

from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

ACCOUNT = "123456789012"
REGION = "eu-west-1"
PASSWORD = "generated-password"
ECR_PASSWORD = "registry-password"
DIGEST = "sha256:" + "ab" * 32

# Property that holds the physical name, by type; AWS's provider makes one up where the program gives none.
_NAMED = {
    "aws:s3/bucket:Bucket": "bucket",
    "aws:iam/role:Role": "name",
    "aws:iam/policy:Policy": "name",
    "aws:iam/rolePolicy:RolePolicy": "name",
    "aws:sqs/queue:Queue": "name",
    "aws:sns/topic:Topic": "name",
    "aws:cloudwatch/eventRule:EventRule": "name",
    "aws:cloudwatch/eventBus:EventBus": "name",
    "aws:cloudwatch/logGroup:LogGroup": "name",
    "aws:lambda/function:Function": "name",
    "aws:dynamodb/table:Table": "name",
    "aws:ecr/repository:Repository": "name",
    "aws:rds/subnetGroup:SubnetGroup": "name",
    "aws:rds/parameterGroup:ParameterGroup": "name",
    "aws:ssm/parameter:Parameter": "name",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "name",
}
_ARNS = {
    "aws:s3/bucket:Bucket": "arn:aws:s3:::{name}",
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": "arn:aws:iam::{account}:oidc-provider/{name}",
    "aws:iam/policy:Policy": "arn:aws:iam::{account}:policy/{name}",
    "aws:iam/role:Role": "arn:aws:iam::{account}:role/{name}",
    "aws:sqs/queue:Queue": "arn:aws:sqs:{region}:{account}:{name}",
    "aws:sns/topic:Topic": "arn:aws:sns:{region}:{account}:{name}",
    "aws:cloudwatch/eventRule:EventRule": "arn:aws:events:{region}:{account}:rule/{name}",
    "aws:cloudwatch/eventBus:EventBus": "arn:aws:events:{region}:{account}:event-bus/{name}",
    "aws:cloudwatch/logGroup:LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}",
    "aws:lambda/function:Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "aws:dynamodb/table:Table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "aws:ecr/repository:Repository": "arn:aws:ecr:{region}:{account}:repository/{name}",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    "aws:ssm/parameter:Parameter": "arn:aws:ssm:{region}:{account}:parameter{name}",
}


class RecordedProvider(Mocks):
    """Outputs of every resource type that the program uses; any other type is an error."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if not args.custom:
            return None, {}
        # Unchanged: the envelopes around secrets have to survive.
        inputs = cast("dict[str, Any]", args.inputs)  # pyright: ignore[reportUnknownMemberType]
        name: str = inputs.get(_NAMED.get(args.typ, ""), args.name)
        named = {_NAMED[args.typ]: name} if args.typ in _NAMED else {}
        arn = _ARNS.get(args.typ, "").format(name=name, account=ACCOUNT, region=REGION)
        id_, outputs = _outputs(args.typ, name, arn, inputs)
        return id_, {**inputs, **named, **({"arn": arn} if arn else {}), **outputs}

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        return self._answer(args.token), []

    def _answer(self, token: str) -> dict[str, Any]:
        match token:
            case "aws:index/getRegion:getRegion":
                return {"region": REGION, "id": REGION, "endpoint": "", "description": ""}
            case "aws:index/getCallerIdentity:getCallerIdentity":
                return {"accountId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/ops", "userId": "ops", "id": ACCOUNT}
            case "aws:index/getAvailabilityZones:getAvailabilityZones":
                return {"names": [f"{REGION}{zone}" for zone in "abc"], "id": REGION}
            case "aws:ecr/getAuthorizationToken:getAuthorizationToken":
                return {"userName": "AWS", "password": ECR_PASSWORD, "id": REGION}
            case "aws:ssm/getParameter:getParameter":
                return {"insecureValue": "ami-0123456789abcdef0", "id": "image"}
            case _:
                raise LookupError(f"the provider does not know the function {token}")


def _outputs(type_: str, name: str, arn: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:  # noqa: C901 - a table
    match type_:
        case "aws:sqs/queue:Queue":
            url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
            return url, {"url": url}
        case "aws:ssm/parameter:Parameter":
            return name, {"version": 1}
        case "aws:lambda/function:Function":
            return name, {"version": "1", "qualifiedArn": f"{arn}:1"}
        case "aws:lambda/alias:Alias":
            alias = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{inputs['functionName']}:{inputs['name']}"
            invoke = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{alias}/invocations"
            return alias, {"arn": alias, "invokeArn": invoke}
        case "aws:lambda/invocation:Invocation":
            return name, {"result": '{"revision": "0001"}'}
        case "aws:kms/key:Key":
            return "key-1", {"keyId": "key-1", "arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/key-1"}
        case "aws:ecr/repository:Repository":
            return name, {"registryId": ACCOUNT, "repositoryUrl": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{name}"}
        case "docker:index/image:Image":
            return DIGEST, {"repoDigest": f"{inputs['imageName'].rsplit(':', 1)[0]}@{DIGEST}"}
        case "aws:rds/instance:Instance":
            address = f"{name}.abc.{REGION}.rds.amazonaws.com"
            return name, {"identifier": name, "address": address, "port": 5432, "endpoint": f"{address}:5432"}
        case "aws:ec2/instance:Instance":
            return "i-nat", {"primaryNetworkInterfaceId": "eni-nat"}
        case "aws:apigatewayv2/api:Api":
            endpoint = f"https://api123.execute-api.{REGION}.amazonaws.com"
            return "api123", {
                "apiEndpoint": endpoint,
                "executionArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:api123",
            }
        case "aws:cognito/userPool:UserPool":
            pool = f"{REGION}_Pool"
            return pool, {
                "arn": f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{pool}",
                "endpoint": f"cognito-idp.{REGION}.amazonaws.com/{pool}",
            }
        case "aws:cognito/userPoolClient:UserPoolClient":
            return "client123", {"clientSecret": ""}
        case "random:index/randomPassword:RandomPassword":
            return "none", {"result": f"{PASSWORD}-{name}", "bcryptHash": ""}
        case "random:index/randomId:RandomId":
            return name, {"hex": "0a1b2c3d"}
        case _ if type_ in _KNOWN:
            return f"{name}-id", {}
        case _:
            raise LookupError(f"the provider does not know {type_}")


_KNOWN = frozenset(
    f"aws:{each}"
    for each in (
        "apigatewayv2/authorizer:Authorizer",
        "apigatewayv2/integration:Integration",
        "apigatewayv2/route:Route",
        "apigatewayv2/stage:Stage",
        "cloudwatch/dashboard:Dashboard",
        "cloudwatch/eventBus:EventBus",
        "cloudwatch/eventRule:EventRule",
        "cloudwatch/eventTarget:EventTarget",
        "cloudwatch/logGroup:LogGroup",
        "cloudwatch/metricAlarm:MetricAlarm",
        "cognito/userPoolDomain:UserPoolDomain",
        "dynamodb/table:Table",
        "ec2/eip:Eip",
        "ec2/internetGateway:InternetGateway",
        "ec2/natGateway:NatGateway",
        "ec2/route:Route",
        "ec2/routeTable:RouteTable",
        "ec2/routeTableAssociation:RouteTableAssociation",
        "ec2/securityGroup:SecurityGroup",
        "ec2/subnet:Subnet",
        "ec2/vpc:Vpc",
        "ec2/vpcEndpoint:VpcEndpoint",
        "iam/openIdConnectProvider:OpenIdConnectProvider",
        "iam/policy:Policy",
        "iam/role:Role",
        "kms/alias:Alias",
        "iam/rolePolicy:RolePolicy",
        "lambda/eventSourceMapping:EventSourceMapping",
        "lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        "lambda/permission:Permission",
        "rds/parameterGroup:ParameterGroup",
        "rds/subnetGroup:SubnetGroup",
        "s3/bucket:Bucket",
        "s3/bucketCorsConfiguration:BucketCorsConfiguration",
        "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "s3/bucketNotification:BucketNotification",
        "s3/bucketPolicy:BucketPolicy",
        "s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "s3/bucketVersioning:BucketVersioning",
        "sns/topic:Topic",
        "sns/topicSubscription:TopicSubscription",
        "sqs/queuePolicy:QueuePolicy",
        "vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    )
)
