"""The schema's history, run by `onelot.adapters.postgres.schema.migrate`."""
