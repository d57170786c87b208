"""The lifecycle of catalogue entries (TM Forum's words; any other is accepted as it comes), and the states of jobs."""

from django.conf import settings

from tmf.states import Moves

IN_STUDY = "In Study"  # being thought about; what an entry is when nobody says
IN_DESIGN = "In Design"  # being made
IN_TEST = "In Test"  # being tried
ACTIVE = "Active"  # tried and good
LAUNCHED = "Launched"  # offered
RETIRED = "Retired"  # no longer offered
OBSOLETE = "Obsolete"  # no longer used
REJECTED = "Rejected"  # tried and not good

LIFECYCLE = (IN_STUDY, IN_DESIGN, IN_TEST, ACTIVE, LAUNCHED, RETIRED, OBSOLETE, REJECTED)


def is_orderable(status: str | None) -> bool:
    return status in settings.ORDERABLE_LIFECYCLE_STATUSES


NOT_STARTED = "Not Started"  # asked for
RUNNING = "Running"  # somebody is at it
SUCCEEDED = "Succeeded"  # done, all of it
FAILED = "Failed"  # ended with nothing done; errorLog says why

JOB_STATES = (NOT_STARTED, RUNNING, SUCCEEDED, FAILED)
JOB_OPEN = (NOT_STARTED, RUNNING)
JOB_MOVES = Moves("job", {NOT_STARTED: (RUNNING,), RUNNING: (SUCCEEDED, FAILED), SUCCEEDED: (), FAILED: ()})
