"""What is deployed: `make deploy` tells template.yaml its commit, and template.yaml every function."""

import os

COMMIT = os.environ.get("COMMIT", "uncommitted")
