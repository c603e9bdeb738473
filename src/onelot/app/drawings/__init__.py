"""Pictures as server-side SVG: pure functions from answers to markup, no script, colours by CSS class."""
