"""Registers the engine's pages with Django's admin; they are in `orchestrator/console/`."""

from orchestrator.console import definitions, fallouts, orders, plans, steps, targets, tasks

__all__ = ["definitions", "fallouts", "orders", "plans", "steps", "targets", "tasks"]
