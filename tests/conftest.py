"""What every function's environment says. It is read when `runtime` is imported."""

import os

os.environ.setdefault("STACK", "test")
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "Collections")
