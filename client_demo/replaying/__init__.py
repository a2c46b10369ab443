"""Check-ins as people: the plan, its carrying out, one of them, and how well they were seated."""
