"""`make bench`: every measurement, one after the other."""

from benchmarks import api, orders, steps

if __name__ == "__main__":
    orders.report()
    steps.report()
    api.report()
