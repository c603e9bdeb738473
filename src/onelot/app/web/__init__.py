"""The screens: pages rendered on the server, for people at work. No script of ours, nothing from elsewhere."""

from onelot.app.web.router import web_router

__all__ = ["web_router"]
