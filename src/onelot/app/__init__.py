"""The only place that knows everyone: it assembles the house, runs the loop and opens the doors."""
