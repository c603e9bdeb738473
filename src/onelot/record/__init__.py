"""The hall: what happened, in order, provable. Pure; no input or output.

Takes: events from the rooms, through `app.loop`.
Gives: nouns, life tables, folds, chains, the recipe model, the port of the journal.
Never: edits or removes an event; trusts a clock of its own.
Standards: 21 CFR 11.10(e), EU GMP Annex 11, RFC 8785, RFC 9162, ISA-88.
"""
