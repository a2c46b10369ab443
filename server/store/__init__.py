"""What must outlive a moment, and with `--data` the process: blocks, bans, standing, reports, audit log.

The rule: only this folder knows how state is kept. Everything else calls `Store`, synchronously, and has its answer
at once. No cell and no coordinates ever come in here, and no words but sealed ones.
"""
