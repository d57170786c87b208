"""The web process's entry point (WSGI)."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config.postgres import limit_statements
from tmf.chunked import ChunkedBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
limit_statements(settings.DATABASES["default"], settings.ENV.STATEMENT_SECONDS)

application = ChunkedBodies(get_wsgi_application())
get_resolver().url_patterns  # noqa: B018 (imported before the fork, not by the first request)
