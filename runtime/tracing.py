"""X-Ray's traces, by Powertools."""

from aws_lambda_powertools import Tracer

# Patches nothing: that would import what it patches.
tracer = Tracer(auto_patch=False)
