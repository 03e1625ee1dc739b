"""The pages and the API for any WSGI server."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "madoguchi.config.settings")

application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 (read now: a broken page stops the start, and the first visitor does not wait)
