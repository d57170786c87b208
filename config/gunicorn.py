"""How gunicorn runs the web process. Everything comes from the environment, as `docs/configuration.md` says."""

import sys
import warnings

from django.core.exceptions import ImproperlyConfigured

from config import env, logs

try:
    ENV = env.read()
except ImproperlyConfigured as error:
    sys.exit(f"OpenSOM does not start. {error}")

# Static files come from the packages where nobody has run collectstatic.
warnings.filterwarnings("ignore", "No directory at", UserWarning)
wsgi_app = "config.wsgi:application"
bind = f"[{ENV.HOST}]:{ENV.PORT}" if ":" in ENV.HOST else f"{ENV.HOST}:{ENV.PORT}"
worker_class = "config.web.Worker"
# Loaded once and forked: half the start, and memory that is shared.
preload_app = True
workers = ENV.WEB_WORKERS
threads = ENV.WEB_THREADS
# A target's callback or a slow client may take its time; a stuck worker may not.
timeout = 60
graceful_timeout = 10
keepalive = 75
backlog = 1024
limit_request_line = 8190
# The heartbeat file must not be on a disk that may stall.
worker_tmp_dir = "/dev/shm" if sys.platform == "linux" else None  # noqa: S108
# Its place is the home folder, which two systems may share and a container may not write.
control_socket_disable = True
forwarded_allow_ips = "*" if ENV.TRUSTED_PROXY else ""  # else a neighbour on this machine could choose the scheme
logconfig_dict = logs.logging_config(ENV.LOG_LEVEL, ENV.LOG_FORMAT)
