"""May it be given.

Takes: the whole record of a batch and its specification.
Gives: verdicts per test, what is missing, certificates, the dispositions still possible.
Never: releases on missing evidence, or on an empty specification.
Standards: EU GMP Part IV (ATMP) chapters 9 and 11, 21 CFR 211.165, 21 CFR 11.50.
"""
