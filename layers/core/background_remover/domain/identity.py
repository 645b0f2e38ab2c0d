"""Who users are."""

USER_ID = r"[A-Za-z0-9_:@|-][A-Za-z0-9._:@|-]{0,127}"
"""A user id becomes part of S3 keys, so it may not hold a slash. Cognito's are UUIDs, other issuers use | and @."""

SMOKE_TEST_USER = ".smoke-test"
"""Who removes a photo before a new version meets callers. It begins as no user id may, so nobody else can be it."""
