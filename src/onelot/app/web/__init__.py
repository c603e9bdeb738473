"""The screens: pages rendered on the server, for people at work. No script of ours, nothing from elsewhere."""

from onelot.app.web.router import refusal_page, web_router

__all__ = ["refusal_page", "web_router"]
