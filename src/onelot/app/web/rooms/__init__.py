"""The pages, one module a room: `routes(router, screen)` adds them, `NAV` names those that stand in the head."""
