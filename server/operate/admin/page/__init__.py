"""The operator's page: plain files, served as they are."""
