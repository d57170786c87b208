"""Registers the engine's pages with Django's admin; they are in `orchestrator/console/`."""

from orchestrator.console import definitions, fallouts, plans, steps, targets, tasks

__all__ = ["definitions", "fallouts", "plans", "steps", "targets", "tasks"]
