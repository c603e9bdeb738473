"""One file per outside world. An adapter reads or writes, and decides nothing."""
