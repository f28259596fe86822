"""The stack: its settings, its components, what it exports."""

from pathlib import Path

import pulumi
import pulumi_aws as aws

from components import grants
from components.alarms import METRICS_NAMESPACE
from components.analysis_function import AnalysisFunction
from components.browser_uploads import BrowserUploads
from components.checkpoints import Checkpoints
from components.database import DATABASE, FUNCTIONS, Database
from components.encryption import EncryptionKey
from components.function import FunctionPlatform
from components.function_image import FunctionImage
from components.image_bucket import DERIVED, EXPORTS, ORIGINALS
from components.image_pipeline import ImagePipeline
from components.migration import Migration
from components.network import Network
from components.observability import Observability
from components.parameters import Parameters
from components.secure_api import SecureApi
from components.settings import StackSettings
from components.settings_rules import WORKER_CONCURRENCY, all_connections
from components.sweeper import Sweeper
from components.tags import tag_everything
from components.version import DeployedVersion

PUBLIC_ROUTES = [
    "GET /",
    "GET /health",
    "GET /version",
    "GET /config.json",
    "GET /openapi.json",
    "GET /docs",
    "GET /static/{proxy+}",
]
# Longest run of each function. API Gateway gives the API 30 seconds.
TIMEOUT_SECONDS = {
    "image_processor": 120,
    "analyzer": 180,
    "embedder": 120,
    "sweeper": 300,
    # As long as Lambda lets a function run; what a run does not get to waits for the next one.
    "batcher": 900,
    # As long as Lambda lets a function run; an export that needs longer goes on in another run.
    "worker": 900,
    # An index over 100,000 vectors takes minutes on a small database.
    "migrate": 900,
    "api": 29,
}
# Where `collections login` waits for the sign-in page.
COMMAND_LINE_CALLBACK = "http://localhost:8976/callback"

root = Path(__file__).resolve().parent
project, stack = pulumi.get_project(), pulumi.get_stack()
settings = StackSettings.load(pulumi.Config(project), stack)
version = DeployedVersion.of(root)
prefix = f"/{project}/{stack}"
protection = settings.deletion_protection
tag_everything({"project": project, "stack": stack})

key = EncryptionKey("data", {"deletion_protection": protection}).key_arn
network = Network("network", {"nat_gateways": settings.nat_gateways})

image = FunctionImage(
    "functions",
    {
        "context": ".",
        "dockerfile": "runtime/Dockerfile",
        "tag": version.git_sha,
        "force_delete": not protection,
        "base": settings.base_image,
        "digest": settings.image_digest,
    },
)
platform: FunctionPlatform = {
    "image_uri": image.digest,
    "log_retention_days": settings.log_retention_days,
    "permissions_boundary": settings.permissions_boundary,
    "network": {
        "subnet_ids": network.private_subnet_ids,
        "security_group_ids": [network.function_security_group_id],
    },
    "environment": {
        "STACK": stack,
        "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
        "POWERTOOLS_LOG_LEVEL": "INFO",
    },
}

# Migrate, which listens to it too, comes before the pipeline, whose child it is in stacks that are there already.
bus_before = f"urn:pulumi:{stack}::{project}::collections:index:ImagePipeline$aws:cloudwatch/eventBus:EventBus::images"
bus = aws.cloudwatch.EventBus("images", name=f"{project}-{stack}", opts=pulumi.ResourceOptions(aliases=[bus_before]))

# secrets -> database -> its addresses -> migration -> functions -> routes

vendors = Parameters(
    "vendors",
    {
        "prefix": prefix,
        "key_arn": key,
        "secrets": settings.vendor_secrets,
        "values": {
            "voyage/embedding_model": settings.embedding_model,
            "voyage/embedding_dimensions": str(settings.embedding_dimensions),
            "checkpoint/ttl_hours": str(settings.checkpoint_ttl_hours),
            **({"langsmith/project": settings.langsmith_project} if settings.langsmith_project else {}),
        },
    },
)
database = Database(
    "database",
    {
        "subnet_ids": network.isolated_subnet_ids,
        "security_group_id": network.database_security_group_id,
        "key_arn": key,
        "instance_class": settings.database_instance_class,
        "storage_gb": settings.database_storage_gb,
        "max_storage_gb": settings.database_max_storage_gb,
        "multi_az": settings.multi_az,
        "backup_retention_days": settings.backup_retention_days,
        "deletion_protection": protection,
        "tls": settings.require_tls,
    },
    pulumi.ResourceOptions(depends_on=[vendors]),
)
access = Parameters(
    "database",
    {
        "prefix": prefix,
        "key_arn": key,
        "secrets": {
            "database/url": database.functions_url,
            "database/admin_url": database.owner_url,
            "database/sweeper_url": database.sweeper_url,
            "database/password": database.functions_password,
        },
        "values": {"database/username": FUNCTIONS, "database/name": DATABASE},
    },
)
migration_parameters = [access.arn(f"database/{path}") for path in ("admin_url", "url", "sweeper_url")]
migration = Migration(
    "migrate",
    {
        "function": {
            "platform": platform,
            "command": "runtime.handlers.migrate.handler",
            "memory_mb": 512,
            "timeout_seconds": TIMEOUT_SECONDS["migrate"],
            "environment": {
                "DATABASE_URL_PARAMETER": access.reference("database/admin_url"),
                "FUNCTIONS_DATABASE_URL_PARAMETER": access.reference("database/url"),
                "SWEEPER_DATABASE_URL_PARAMETER": access.reference("database/sweeper_url"),
            },
            "statements": [
                grants.read_parameters(*migration_parameters),
                grants.decrypt_parameters(key, *migration_parameters),
            ],
        },
        "triggers": {
            "owner": access.reference("database/admin_url"),
            "functions": access.reference("database/url"),
            "sweeper": access.reference("database/sweeper_url"),
        },
        "on_event": {
            "pattern": '{"source": ["collections.sweeper"], "detail-type": ["IndexesWanted"]}',
            "event_bus": bus.name,
        },
    },
    # It runs at once, and has to find a way to Parameter Store and to the database.
    pulumi.ResourceOptions(depends_on=[network]),
)
after_migration = pulumi.ResourceOptions(depends_on=[migration])

database_access = {"DATABASE_URL_PARAMETER": access.reference("database/url")}
pooled_database_access = {**database_access, "DATABASE_POOL_SIZE": str(settings.database_pool_size)}
upload_limits = {"MAX_UPLOAD_MB": str(settings.max_upload_mb), "MAX_MEGAPIXELS": str(settings.max_megapixels)}
user_limits = {
    "MONTHLY_IMAGE_QUOTA": str(settings.monthly_image_quota),
    "MONTHLY_AI_BUDGET_USD": str(settings.monthly_ai_budget_usd),
}
embedding_access = {
    "VOYAGE_API_KEY_PARAMETER": vendors.reference("voyage/api_key"),
    "VOYAGE_BASE_URL": settings.voyage_base_url,
    "EMBEDDING_MODEL_PARAMETER": vendors.reference("voyage/embedding_model"),
    "EMBEDDING_DIMENSIONS_PARAMETER": vendors.reference("voyage/embedding_dimensions"),
}
embedding_parameters = [
    vendors.arn("voyage/api_key"),
    vendors.arn("voyage/embedding_model"),
    vendors.arn("voyage/embedding_dimensions"),
]

pipeline = ImagePipeline(
    "images",
    {
        "image_processor": {
            "platform": platform,
            "command": "runtime.handlers.image_processor.handler",
            "memory_mb": 2048,
            "timeout_seconds": TIMEOUT_SECONDS["image_processor"],
            "environment": {**database_access, **upload_limits},
            "statements": [
                grants.read_parameters(access.arn("database/url")),
                grants.decrypt_parameters(key, access.arn("database/url")),
            ],
        },
        "key_arn": key,
        "maximum_concurrency": settings.image_processor_concurrency,
        "parameter_prefix": prefix,
        "event_bus": {"name": bus.name, "arn": bus.arn},
        "deletion_protection": protection,
        "require_tls": settings.require_tls,
    },
    after_migration,
)
analyzer = AnalysisFunction(
    "analyzer",
    {
        "subscriptions": {
            "images": {
                "pattern": '{"source": ["collections.imageprocessor"], "detail-type": ["ImageProcessed"]}',
                "event_bus": pipeline.event_bus_name,
            },
            "requests": {
                "pattern": '{"source": ["collections.api"], "detail-type": ["AnalysisRequested"]}',
                "event_bus": pipeline.event_bus_name,
            },
        },
        "function": {
            "platform": platform,
            "command": "runtime.handlers.analyzer.handler",
            "memory_mb": 1024,
            "timeout_seconds": TIMEOUT_SECONDS["analyzer"],
            "environment": {
                **database_access,
                **user_limits,
                "BUCKET_NAME_PARAMETER": pipeline.bucket_parameter,
                "EVENT_BUS": pipeline.event_bus_name,
                "ANTHROPIC_API_KEY_PARAMETER": vendors.reference("anthropic/api_key"),
                "ANTHROPIC_BASE_URL": settings.anthropic_base_url,
                "ANALYSIS_MODEL": settings.analysis_model,
            },
            "statements": [
                grants.read_parameters(
                    access.arn("database/url"), vendors.arn("anthropic/api_key"), pipeline.bucket_parameter_arn
                ),
                grants.decrypt_parameters(key, access.arn("database/url"), vendors.arn("anthropic/api_key")),
                grants.read_objects(pipeline.bucket_arn, DERIVED),
                grants.decrypt_objects(key, pipeline.bucket_arn),
                grants.notice_missing_objects(pipeline.bucket_arn),
                grants.publish_events(pipeline.event_bus_arn),
            ],
        },
        "maximum_concurrency": settings.analyzer_concurrency,
        "batch_size": 1,
    },
    after_migration,
)
embedder = AnalysisFunction(
    "embedder",
    {
        "subscriptions": {
            "analyses": {
                "pattern": '{"source": ["collections.analyzer"], "detail-type": ["AnalysisComplete"]}',
                "event_bus": pipeline.event_bus_name,
            },
            "requests": {
                "pattern": '{"source": ["collections.api"], "detail-type": ["EmbeddingRequested"]}',
                "event_bus": pipeline.event_bus_name,
            },
        },
        "function": {
            "platform": platform,
            "command": "runtime.handlers.embedder.handler",
            "memory_mb": 1024,
            "timeout_seconds": TIMEOUT_SECONDS["embedder"],
            "environment": {
                **database_access,
                **embedding_access,
                **user_limits,
                "EVENT_BUS": pipeline.event_bus_name,
            },
            "statements": [
                grants.read_parameters(access.arn("database/url"), *embedding_parameters),
                grants.decrypt_parameters(key, access.arn("database/url"), vendors.arn("voyage/api_key")),
                grants.publish_events(pipeline.event_bus_arn),
            ],
        },
        "maximum_concurrency": settings.embedder_concurrency,
        # Each text is a call of its own, and the time of a run is one call's: one at a time.
        "batch_size": 1,
    },
    after_migration,
)
sweeper = Sweeper(
    "sweeper",
    {
        "function": {
            "platform": platform,
            "command": "runtime.handlers.sweeper.handler",
            "memory_mb": 512,
            "timeout_seconds": TIMEOUT_SECONDS["sweeper"],
            "environment": {
                "DATABASE_URL_PARAMETER": access.reference("database/sweeper_url"),
                "BUCKET_NAME_PARAMETER": pipeline.bucket_parameter,
                "EVENT_BUS": pipeline.event_bus_name,
                "PROCESSING_DEAD_LETTERS": pipeline.dead_letter_url,
                "ANALYSIS_DEAD_LETTERS": analyzer.dead_letter_url,
                "EMBEDDING_DEAD_LETTERS": embedder.dead_letter_url,
            },
            "statements": [
                grants.look_through(pipeline.dead_letter_arn, analyzer.dead_letter_arn, embedder.dead_letter_arn),
                grants.read_parameters(access.arn("database/sweeper_url"), pipeline.bucket_parameter_arn),
                grants.decrypt_parameters(key, access.arn("database/sweeper_url")),
                grants.list_versions(pipeline.bucket_arn, ORIGINALS, DERIVED),
                grants.delete_versions(pipeline.bucket_arn, ORIGINALS, DERIVED),
                grants.publish_events(pipeline.event_bus_arn),
            ],
        },
        "schedule": "rate(1 hour)",
    },
    after_migration,
)
batcher = Sweeper(
    "batcher",
    {
        "function": {
            "platform": platform,
            "command": "runtime.handlers.batcher.handler",
            # A batch of previews, and what is made of it to send it, take 400 MB.
            "memory_mb": 1024,
            "timeout_seconds": TIMEOUT_SECONDS["batcher"],
            "environment": {
                **database_access,
                "SWEEPER_DATABASE_URL_PARAMETER": access.reference("database/sweeper_url"),
                "BUCKET_NAME_PARAMETER": pipeline.bucket_parameter,
                "EVENT_BUS": pipeline.event_bus_name,
                "ANTHROPIC_API_KEY_PARAMETER": vendors.reference("anthropic/api_key"),
                "ANTHROPIC_BASE_URL": settings.anthropic_base_url,
            },
            "statements": [
                grants.read_parameters(
                    access.arn("database/url"),
                    access.arn("database/sweeper_url"),
                    vendors.arn("anthropic/api_key"),
                    pipeline.bucket_parameter_arn,
                ),
                grants.decrypt_parameters(
                    key,
                    access.arn("database/url"),
                    access.arn("database/sweeper_url"),
                    vendors.arn("anthropic/api_key"),
                ),
                grants.read_objects(pipeline.bucket_arn, DERIVED),
                grants.decrypt_objects(key, pipeline.bucket_arn),
                grants.notice_missing_objects(pipeline.bucket_arn),
                grants.publish_events(pipeline.event_bus_arn),
            ],
        },
        "schedule": "rate(15 minutes)",
    },
    after_migration,
)
checkpoints = Checkpoints("checkpoints", {"point_in_time_recovery": protection, "deletion_protection": protection})
api = SecureApi(
    "api",
    {
        "function": {
            "platform": platform,
            "command": "runtime.handlers.api.handler",
            "memory_mb": 1024,
            "timeout_seconds": TIMEOUT_SECONDS["api"],
            "environment": {
                **pooled_database_access,
                **upload_limits,
                **user_limits,
                **embedding_access,
                "BUCKET_NAME_PARAMETER": pipeline.bucket_parameter,
                "EVENT_BUS": pipeline.event_bus_name,
                "ANALYSIS_MODEL": settings.analysis_model,
                "ANTHROPIC_API_KEY_PARAMETER": vendors.reference("anthropic/api_key"),
                "ANTHROPIC_BASE_URL": settings.anthropic_base_url,
                "ANSWER_MODEL": settings.answer_model,
                "CHECKPOINT_TABLE": checkpoints.table_name,
                "CHECKPOINT_TTL_HOURS_PARAMETER": vendors.reference("checkpoint/ttl_hours"),
                "QUERY_EMBEDDING_MODEL": settings.query_embedding_model,
                "VECTOR_WEIGHT": str(settings.vector_weight),
                "RERANK_MODEL": settings.rerank_model,
                "GIT_SHA": version.git_sha,
                "GIT_TAG": version.git_tag,
                "COMMIT_TIME": version.commit_time,
            },
            "statements": [
                grants.read_parameters(
                    access.arn("database/url"),
                    pipeline.bucket_parameter_arn,
                    vendors.arn("anthropic/api_key"),
                    vendors.arn("checkpoint/ttl_hours"),
                    *embedding_parameters,
                ),
                grants.decrypt_parameters(
                    key, access.arn("database/url"), vendors.arn("anthropic/api_key"), vendors.arn("voyage/api_key")
                ),
                grants.keep_sessions(checkpoints.table_arn),
                grants.list_sessions(checkpoints.table_arn),
                grants.write_objects(pipeline.bucket_arn, ORIGINALS),
                grants.read_objects(pipeline.bucket_arn, ORIGINALS, DERIVED, EXPORTS),
                # Who signs an address needs what its use needs.
                grants.decrypt_objects(key, pipeline.bucket_arn),
                grants.encrypt_objects(key, pipeline.bucket_arn),
                grants.publish_events(pipeline.event_bus_arn),
            ],
            "reserved_concurrency": settings.api_reserved_concurrency,
        },
        "public_routes": PUBLIC_ROUTES,
        "allowed_origins": settings.allowed_origins,
        "requests_per_second": settings.requests_per_second,
        "burst": settings.burst,
        "mfa": settings.mfa.value,
        "callback_urls": [COMMAND_LINE_CALLBACK],
        "allow_password_auth": settings.password_sign_in,
        "deletion_protection": protection,
    },
    after_migration,
)
worker = AnalysisFunction(
    "worker",
    {
        "subscriptions": {
            "requests": {
                "pattern": '{"source": ["collections.api"], '
                '"detail-type": ["ExportRequested", "AccountDeletionRequested"]}',
                "event_bus": pipeline.event_bus_name,
            },
        },
        "function": {
            "platform": platform,
            "command": "runtime.handlers.worker.handler",
            "memory_mb": 1024,
            "timeout_seconds": TIMEOUT_SECONDS["worker"],
            "environment": {
                **pooled_database_access,
                "BUCKET_NAME_PARAMETER": pipeline.bucket_parameter,
                "EVENT_BUS": pipeline.event_bus_name,
                "CHECKPOINT_TABLE": checkpoints.table_name,
                "COGNITO_USER_POOL_ID": api.user_pool_id,
            },
            "statements": [
                grants.read_parameters(access.arn("database/url"), pipeline.bucket_parameter_arn),
                grants.decrypt_parameters(key, access.arn("database/url")),
                grants.read_objects(pipeline.bucket_arn, ORIGINALS),
                grants.notice_missing_objects(pipeline.bucket_arn),
                grants.write_objects(pipeline.bucket_arn, EXPORTS),
                grants.decrypt_objects(key, pipeline.bucket_arn),
                grants.encrypt_objects(key, pipeline.bucket_arn),
                grants.list_versions(pipeline.bucket_arn, ORIGINALS, DERIVED, EXPORTS),
                grants.delete_versions(pipeline.bucket_arn, ORIGINALS, DERIVED, EXPORTS),
                grants.read_sessions(checkpoints.table_arn),
                grants.delete_sessions(checkpoints.table_arn),
                grants.remove_users(api.user_pool_arn),
                grants.publish_events(pipeline.event_bus_arn),
            ],
        },
        "maximum_concurrency": WORKER_CONCURRENCY,
        "batch_size": 1,
    },
    after_migration,
)
BrowserUploads(
    "uploads", {"bucket_name": pipeline.bucket_name, "allowed_origins": [api.url, *settings.allowed_origins]}
)
functions = {
    "image_processor": pipeline.function_name,
    "analyzer": analyzer.function_name,
    "embedder": embedder.function_name,
    "sweeper": sweeper.function_name,
    "batcher": batcher.function_name,
    "worker": worker.function_name,
    "migrate": migration.function_name,
    "api": api.function_name,
}
observability = Observability(
    "observability",
    {
        "functions": {
            role: {"name": name, "timeout_seconds": TIMEOUT_SECONDS[role]} for role, name in functions.items()
        },
        "scheduled": "sweeper",
        "also_scheduled": ["batcher"],
        "queues": {
            "image_processor": pipeline.queue_name,
            "analyzer": analyzer.queue_name,
            "embedder": embedder.queue_name,
            "worker": worker.queue_name,
        },
        "dead_letters": {
            "image_processor": pipeline.dead_letter_name,
            "analyzer": analyzer.dead_letter_name,
            "embedder": embedder.dead_letter_name,
            "worker": worker.dead_letter_name,
            "sweeper": sweeper.failure_name,
            "migrate": migration.failure_name,
            "batcher": batcher.failure_name,
        },
        "api_id": api.api_id,
        "database": {
            "instance": database.instance,
            "storage_gb": settings.database_storage_gb,
            "connections": all_connections(settings.database_instance_class),
        },
        "monthly_cost_usd": settings.monthly_ai_alarm_usd,
        "key_arn": key,
        "alarm_email": settings.alarm_email,
    },
)

pulumi.export("apiUrl", api.url)
pulumi.export("userPoolId", api.user_pool_id)
pulumi.export("userPoolClientId", api.client_id)
pulumi.export("userPoolDomain", api.domain)
pulumi.export("imageBucket", pipeline.bucket_name)
pulumi.export("eventBus", pipeline.event_bus_name)
pulumi.export("parameterPrefix", prefix)
pulumi.export("databaseEndpoint", database.endpoint)
pulumi.export("checkpointTable", checkpoints.table_name)
pulumi.export("dashboardUrl", observability.dashboard_url)
pulumi.export("imageDigest", image.digest)
pulumi.export("functions", functions)
