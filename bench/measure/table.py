"""Panels as text of 80 columns."""

_LABEL, _NUMBER, _RATIO, _WANTED = 34, 9, 6, 13
_WIDTH = 80


def lines_of(panel):
    lines = ["", panel.title, "=" * len(panel.title)]
    for block in panel.blocks:
        lines += _lines_of_block(block)
    for note in panel.notes:
        lines += _wrapped(note)
    return lines


def number(value, digits):
    """With less behind the point, or rounded, where it would not fit its column."""
    text = f"{value:.{digits if abs(value) < 1000 else 0}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text if len(text) < _NUMBER else f"{value:.3g}"


def multiple(ratio):
    return f"{ratio:.2f}" if abs(ratio) < 10 else f"{ratio:.0f}"


def _lines_of_block(block):
    ends = ("95% from", "to") if block.is_interval else ("least", "most")
    unit = f", {block.unit}"
    head = block.label + unit
    lines = []
    if len(head) > _LABEL:
        lines += _wrapped(block.label, indent="")
        head = block.unit
    lines.append(f"{head:<{_LABEL}}{'median':>{_NUMBER}}{ends[0]:>{_NUMBER}}{ends[1]:>{_NUMBER}}"
                 f"{'ratio':>{_RATIO}}  wanted")
    for entry in block.entries:
        numbers = "".join(f"{number(value, block.digits):>{_NUMBER}}"
                          for value in (entry.median, entry.low, entry.high))
        ratio = "" if entry.ratio is None else multiple(entry.ratio)
        label = f"  {entry.label}"
        if len(label) > _LABEL:
            label = f"{label[:_LABEL - 1]}~"
        lines.append(f"{label:<{_LABEL}}{numbers}{ratio:>{_RATIO}}  {verdict(entry)}".rstrip())
    return lines


def verdict(entry):
    return f"{entry.wanted} {'yes' if entry.met else 'NO'}" if entry.wanted else ""


def _wrapped(text, indent="  "):
    lines, line = [], ""
    for word in text.split():
        if line and len(indent) + len(line) + 1 + len(word) > _WIDTH:
            lines.append(indent + line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return lines + [indent + line] if line else lines
