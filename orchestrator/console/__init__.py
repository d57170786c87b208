"""What operators see of the engine, and what they may do: pages of Django's admin."""
