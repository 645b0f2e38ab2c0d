"""Fixtures of all tests in this folder."""

from tests.quick_botocore import quick_botocore  # noqa: F401 fixture
from tests.quick_moto import one_call_to_moto_at_a_time, quick_moto  # noqa: F401 fixtures
