"""The engine's own address: the inbox of asynchronous answers."""

from django.urls import path

from orchestrator.views import CallbackView

urlpatterns = [path("<str:operation_key>/<str:signed>", CallbackView.as_view(), name="callback")]
