import os

from django.core.wsgi import get_wsgi_application

from aria_site.garbage import spare_what_is_loaded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aria_site.settings")
application = get_wsgi_application()

import aria_site.urls  # noqa: E402, F401  (now, not at the first request; Django must be set up first)

spare_what_is_loaded()
