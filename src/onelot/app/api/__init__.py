"""The doors for machines and screens: the same commands over HTTP."""
