"""Domain objects as the API's JSON."""
