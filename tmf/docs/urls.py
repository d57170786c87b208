"""`/docs/` and `{root}/openapi.json|yaml`; to be included at the root, after the APIs."""

from django.urls import path, re_path

from tmf.docs import views

app_name = "docs"
urlpatterns = [
    path("docs/", views.index, name="index"),
    path("docs/examples/<str:name>", views.collection, name="collection"),
    path("docs/<slug:slug>/", views.swagger, name="swagger"),
    path("docs/<slug:slug>/reference/", views.redoc, name="redoc"),
    re_path(r"^(?P<root>.+)/openapi\.(?P<form>json|yaml)$", views.openapi, name="openapi"),
]
