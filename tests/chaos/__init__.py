"""Real nodes, real kills: people who number their words, and a checker that says what was lost, doubled or late."""
