"""Serves the components as a Pulumi package, to programs in any of Pulumi's languages."""

import sys
from pathlib import Path

from pulumi.provider import main

# Pulumi starts this folder; the components name each other from the one above.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from components.package import CollectionsProvider

if __name__ == "__main__":
    main(CollectionsProvider(), sys.argv[1:])
