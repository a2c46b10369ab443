"""What every store does, held against all three; those on disk and in Redis also after they were opened again."""
