"""Pictures of answers as SVG, made on the server: pure, no script in them, coloured by CSS classes.

A colour never stands alone: every mark has a word or a shape beside it.
"""
