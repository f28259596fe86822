"""Serves the policies to Pulumi: `pulumi up --policy-pack policy`."""

import sys
from pathlib import Path

from pulumi_policy import EnforcementLevel, PolicyPack

# Pulumi starts this folder; the policies name each other from the one above.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policy.pack import POLICIES

if __name__ == "__main__":
    PolicyPack("collections", list(POLICIES), enforcement_level=EnforcementLevel.MANDATORY)
