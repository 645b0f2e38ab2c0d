from tests.integration.jobs.conftest import account  # noqa: F401 a fixture
