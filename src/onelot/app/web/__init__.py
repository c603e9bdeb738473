"""The screens: pages rendered on the server, for people at work. No script of ours, nothing from elsewhere."""

from onelot.app.web.router import refused_page, web_router

__all__ = ["refused_page", "web_router"]
