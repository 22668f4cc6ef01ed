"""The framework's logger. Errors in background tasks, teardown and responses are reported here."""

import logging

logger = logging.getLogger("fastlayer")
