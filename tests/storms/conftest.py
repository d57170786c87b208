"""Fixtures of the storms."""

from tests.storms.stage import small_stage, stage

__all__ = ["small_stage", "stage"]
