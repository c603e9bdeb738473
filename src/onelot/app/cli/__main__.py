"""`python -m onelot.app.cli`: the same as `onelot`."""

from onelot.app.cli import main

main()
