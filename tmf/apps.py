from django.apps import AppConfig
from django.core.checks import register
from django.db.backends.signals import connection_created
from django.utils.module_loading import import_string

from tmf.checks import check_wiring


class TmfConfig(AppConfig):
    name = "tmf"
    verbose_name = "Exchange and system"

    def ready(self) -> None:
        register(check_wiring)
        # By name: it needs the models, which are not there when this module is read.
        connection_created.connect(import_string("tmf.query.sqlite.teach"), dispatch_uid="tmf.query")
