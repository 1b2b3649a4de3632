"""What every comparison here needs: a command, runs in turn, medians, panels of them, their text."""
