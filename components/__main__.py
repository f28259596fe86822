"""Serves the components as a Pulumi package, to programs in any of Pulumi's languages."""

import sys
from pathlib import Path

from pulumi.provider.experimental import component_provider_host

# Pulumi starts this folder; the components name each other from the one above.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from components.analysis_function import AnalysisFunction
from components.browser_uploads import BrowserUploads
from components.checkpoints import Checkpoints
from components.database import Database
from components.encryption import EncryptionKey
from components.event_queue import EventQueue
from components.function import Function
from components.function_image import FunctionImage
from components.image_bucket import ImageBucket
from components.image_pipeline import ImagePipeline
from components.migration import Migration
from components.network import Network
from components.observability import Observability
from components.parameters import Parameters
from components.secure_api import SecureApi
from components.sweeper import Sweeper
from components.user_pool import UserPool

if __name__ == "__main__":
    component_provider_host(
        name="collections",
        components=[
            AnalysisFunction,
            BrowserUploads,
            Checkpoints,
            Database,
            EncryptionKey,
            EventQueue,
            Function,
            FunctionImage,
            ImageBucket,
            ImagePipeline,
            Migration,
            Network,
            Observability,
            Parameters,
            SecureApi,
            Sweeper,
            UserPool,
        ],
    )
