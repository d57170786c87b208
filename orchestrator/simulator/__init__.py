"""A simulated target: a real HTTP server for demonstrations and tests. `docs/simulator.md` tells what it can do."""
