"""What a terminal may be shown of what others have written."""


def printable(text: str) -> str:
    """The text without what a terminal would take as a command."""
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in text)
