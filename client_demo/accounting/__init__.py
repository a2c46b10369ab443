"""What becomes of words: accounts that settle, figures that add up, a verdict to print. Pure but for the printing."""
