"""What each kind of event says, in words, for the documentation."""

# The end of an event type → what has happened when one is raised. The first that fits counts.
MEANINGS = {
    "AttributeValueChangeEvent": "Attributes other than its state have changed.",
    "OperatingStatusChangeEvent": "How it runs has changed.",
    "StateChangeEvent": "Its state has changed.",
    "ChangeEvent": "It has changed.",
    "CreateEvent": "It was made.",
    "DeleteEvent": "It was deleted.",
    "BatchEvent": "An import has made or changed many records at once.",
    "InformationRequiredEvent": "It cannot go on until something is supplied or repaired.",
    "MilestoneEvent": "A milestone of its fulfilment was reached.",
    "JeopardyEvent": "It is late: its requested completion date has passed.",
}


def meaning(event_type: str) -> str:
    """Raises StopIteration for an event of no known kind."""
    return next(words for ending, words in MEANINGS.items() if event_type.endswith(ending))
