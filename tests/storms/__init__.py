"""The engine under attack: real processes killed, stopped and racing, brokers lost, protections removed.

`stage` sets the scene and looks into the database, `crash_worker` is a sweeper that dies at a named moment,
`mutations` takes one protection away, `invariants` (with `histories` and `inventories`) recounts what must hold of
every quiet database, `ledger` holds it against what the simulated target has really done. A new part of the engine
adds its moment, its mutation and its invariant here.
"""
