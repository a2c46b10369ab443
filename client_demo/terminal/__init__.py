"""The terminal client: one room on a screen of text. Only app.py knows the client; the widgets know what to show."""
