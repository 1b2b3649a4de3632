"""What ends the command with one line instead of a figure."""


class Refusal(Exception):
    """Its text is the line."""
