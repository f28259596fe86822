"""What a function's environment says. Part of it the runtime reads when it is imported: import this before."""

ENVIRONMENT = {
    "STACK": "evaluation",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    # Addresses of images are signed and never followed.
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "BUCKET_NAME": "evaluation",
    "EVENT_BUS": "evaluation",
    "MAX_UPLOAD_MB": "50",
    "MAX_MEGAPIXELS": "60",
    "EMBEDDING_DIMENSIONS": "1024",
    "GIT_SHA": "none",
    "GIT_TAG": "none",
    "COMMIT_TIME": "none",
    "COGNITO_USER_POOL_ID": "none",
    "COGNITO_CLIENT_ID": "none",
    "COGNITO_DOMAIN": "none",
    "CHECKPOINT_TABLE": "none",
    "POWERTOOLS_SERVICE_NAME": "evaluation",
    "POWERTOOLS_METRICS_NAMESPACE": "Collections",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "POWERTOOLS_LOG_LEVEL": "WARNING",
}
