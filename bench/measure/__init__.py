"""What every comparison here needs: runs in turn, medians, panels of them, and their text."""
