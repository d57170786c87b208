"""The shapes of TMF633's import and export jobs."""

from catalog.states import JOB_STATES
from tmf.shapes import Attribute, Shape, choice, date_time, read_only, required, text, uri, url

MEDIA_TYPE = r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+( *;[ -~]*)?$"


def _attributes(address: str) -> dict[str, Attribute]:
    return {
        "url": required(url(address)),
        "path": text("The resource that is moved; `/serviceSpecification` when none is given.", maxLength=300),
        "contentType": text("Media type of the file.", pattern=MEDIA_TYPE, maxLength=200),
        "status": read_only(choice("How far the job has come.", JOB_STATES)),
        "creationDate": read_only(date_time("When it was asked for.")),
        "completionDate": read_only(date_time("When it ended.")),
        "errorLog": read_only(text("What went wrong, naming the record at fault.")),
    }


def _pair(name: str, what: str, own: dict[str, Attribute]) -> tuple[Shape, Shape]:
    """The representation, and the body of POST; jobs cannot be changed."""
    create = Shape(f"{name}_Create", f"{what}, to be started.", own)
    shown = Shape(name, f"{what}.", {"id": text("Its identifier."), "href": uri("Its address."), **own})
    return shown.needing("id", "href", "url", "status", "creationDate"), create


IMPORT_JOB, IMPORT_JOB_CREATE = _pair("ImportJob", "A file read into the catalogue", _attributes("Where the file is."))
EXPORT_JOB, EXPORT_JOB_CREATE = _pair(
    "ExportJob",
    "A part of the catalogue written to a file",
    {
        **_attributes("Where the file is posted."),
        "query": text("Which resources, as a list's query string has it.", maxLength=8000),
    },
)
