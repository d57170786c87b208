"""The project's settings, on the services that the tests found or started.

The choice is made here because nothing of Django may be read before it. It stays in the environment,
so that pytest-xdist's workers inherit it instead of choosing again.
"""

import atexit
import os
import shutil
import tempfile

from tests import broker, postgres

if "OPENSOM_TESTS_CHOSEN" not in os.environ:
    _url, _origin = postgres.choose({**os.environ})
    _redis, _redis_origin = broker.choose({**os.environ})
    _on_sqlite = os.environ.get("OPENSOM_TEST_DATABASE") == "sqlite"
    _var_dir = tempfile.mkdtemp(prefix="opensom-tests-")
    atexit.register(shutil.rmtree, _var_dir, ignore_errors=True)
    os.environ |= {
        "OPENSOM_TESTS_CHOSEN": f"{'SQLite; ' if _on_sqlite else ''}PostgreSQL {_origin}; Redis {_redis_origin}",
        "OPENSOM_TESTS_REDIS": _redis,
        "OPENSOM_TESTS_REDIS_WHY": _redis_origin,
        "OPENSOM_TESTS_SERVER": _url,
        "DATABASE_URL": f"sqlite:///{_var_dir}/tests.sqlite3" if _on_sqlite else _url,
        "CELERY_BROKER_URL": "none",
        "EMBEDDED": "false",
        "SECRET_KEY": "tests-only-tests-only-tests-only-tests-only",
        "SECURE_COOKIES": "false",
        "OUTBOUND_ALLOW": "127.0.0.0/8",
        "VAR_DIR": _var_dir,
        "LOG_LEVEL": "WARNING",
        "IDLE_TRANSACTION_SECONDS": "300",  # a test in a transaction may wait for a child process
        "LOG_FORMAT": "console",
    }

from config.settings import *  # noqa: F403
