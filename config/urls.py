"""Where everything is mounted. The APIs' prefixes are settings; an app that is not installed has no paths."""

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from tmf.tokens import ClientCredentialsView

token = ClientCredentialsView.as_view()

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("oauth2/token", token, name="token"),
    path("oauth2/token/", token),
]
urlpatterns += [
    path(f"{settings.API_PREFIXES[name]}/", include(f"{name}.urls"))
    for name in ("ordering", "inventory", "catalog")
    if apps.is_installed(name)
]
if apps.is_installed("orchestrator"):
    urlpatterns.append(path("callbacks/", include("orchestrator.urls")))
urlpatterns.append(path("", include("tmf.docs.urls")))
urlpatterns.append(path("", RedirectView.as_view(pattern_name="docs:index"), name="root"))
