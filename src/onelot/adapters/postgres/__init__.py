"""The journal on PostgreSQL: the server, the schema, the committer and the reads."""
