"""The AWS emulator as a process of its own, on loopback, enforcing IAM."""

START_SECONDS = 60.0
REGION = "us-east-1"
# The emulator's root user; its Lambda functions get keys of their own roles instead.
ROOT_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def environment(url: str) -> dict[str, str]:
    """What makes AWS tools talk to the emulator as its root user."""
    return {**ROOT_CREDENTIALS, "AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": REGION, "AWS_REGION": REGION}
