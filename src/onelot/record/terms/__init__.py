"""The nouns shared by more than one room: frozen dataclasses, one file per subject."""
