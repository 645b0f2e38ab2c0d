import os

# As template.yaml gives them to every function; the metrics are made when they are imported.
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "BackgroundRemover")
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "tests")
