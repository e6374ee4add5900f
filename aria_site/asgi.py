import os
import sys

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.urls import path

from aria_site.garbage import spare_what_is_loaded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aria_site.settings")
http = get_asgi_application()

import aria_site.urls  # noqa: E402, F401  (now, not at the first request; Django must be set up first)
from apps.core import duties  # noqa: E402
from apps.core.live import LiveConsumer  # noqa: E402

sockets = URLRouter([path("ws/live/", LiveConsumer.as_asgi())])
application = ProtocolTypeRouter({"http": http, "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(sockets))})
# Sockets share the interpreter with the threads that make pages; while these are many, others wait less.
sys.setswitchinterval(0.001)
duties.start()
spare_what_is_loaded()
