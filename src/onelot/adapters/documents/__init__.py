"""Documents people read and sign: batch record and certificate as PDF, from plain data."""
