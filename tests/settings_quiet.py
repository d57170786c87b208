"""The tests' settings without the engine: the three APIs alone. `tests/contract/test_independence.py` uses them."""

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "orchestrator"]  # noqa: F405
