"""onelot: the open manufacturing system for batches of one.

One idea: the record is a hall; seven rooms open on it; no room opens on another.
A room reads records and returns events. Only `app.loop` writes.

The way of the data: order, `profile`, `tailor`, `plan`, collect, `make`, `release`, `deliver`, `learn`.
"""

__version__ = "0.1.0"
