"""Measurements, run by `make bench`. They print figures and ratios; nothing here passes or fails."""
