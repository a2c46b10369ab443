"""The web page: plain files that a server finds by the entry point `hereabouts.pages` and serves as they are."""
