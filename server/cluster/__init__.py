"""Everything that knows Redis: many processes as one server. Nothing outside imports redis."""
