"""The outermost middleware: outside the HTML pages, whatever fails is told as a TMF error body."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tmf.errors import exception_handler, for_status

PAGES = ("/admin/", "/docs/", "/static/")

GetResponse = Callable[[HttpRequest], HttpResponse]


class TmfErrorMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or is_page(request) or is_json(response):
            return response
        return retold(response)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """What a view raised that is not one of DRF's, which tell their errors themselves."""
        return None if is_page(request) else exception_handler(error, {})


def retold(response: HttpResponse) -> HttpResponse:
    """The same answer with a TMF error body; its headers stay, save those about the old body."""
    made = for_status(response.status_code).response()
    for name, value in response.items():
        if name not in ("Content-Type", "Content-Length", "Content-Language"):
            made.headers.setdefault(name, value)
    made.cookies = response.cookies
    return made


def is_page(request: HttpRequest) -> bool:
    return request.path_info.startswith(PAGES)


def is_json(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith("application/json")
