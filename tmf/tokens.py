"""The token endpoint: client credentials, and no other grant (RFC 6749 section 4.4)."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from oauth2_provider.views import TokenView


class ClientCredentialsView(TokenView):  # type: ignore[misc]
    """Answers and refuses in the words of RFC 6749 section 5, not of TMF630."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("grant_type") != "client_credentials":
            return JsonResponse({"error": "unsupported_grant_type"}, status=400)
        answer: HttpResponse = super().post(request, *args, **kwargs)
        answer.headers.setdefault("Content-Type", "application/json")
        return answer
