"""Prints a bearer token for a machine client, and nothing else."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tmf.clients import token_issue


class Command(BaseCommand):
    help = "Print a bearer token for a client. Without --scope it may do everything a BSS does on all three APIs."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--client", required=True, help="name of the client; made when there is none")
        parser.add_argument("--party", required=True, help="id of the party it acts for")
        parser.add_argument("--scope", action="append", help="a scope, or several with blanks; may be repeated")
        parser.add_argument("--admin", action="store_true", help="may see and do everything, for every party")
        parser.add_argument("--days", type=float, default=90, help="how long it is valid (default: 90)")

    def handle(self, *args: Any, **options: Any) -> None:
        scopes = " ".join(options["scope"] or settings.BSS_SCOPES).split()
        if options["admin"]:
            scopes.append("admin")
        if options["days"] <= 0:
            raise CommandError("--days must be more than 0")
        try:
            token = token_issue(client=options["client"], party=options["party"], scopes=scopes, days=options["days"])
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(token)
