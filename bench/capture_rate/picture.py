"""Panels as one SVG picture."""
from html import escape

from measure.table import multiple, number, verdict

_WIDTH, _MARGIN, _GAP, _COLUMNS = 1360, 28, 24, 2
_PANEL = (_WIDTH - 2 * _MARGIN - (_COLUMNS - 1) * _GAP) / _COLUMNS
_PAD = 16
_LABEL = 190  # of a row
_NUMBERS = 208  # behind the bars: median, ratio, verdict
_BARS = _PANEL - 2 * _PAD - _LABEL - _NUMBERS
_ROW, _BLOCK_HEAD, _PANEL_HEAD, _NOTE = 20, 34, 34, 15
_COLOURS = {"ours": "#0b6e99", "reference": "#b4531f", "peer": "#8a8f98", "ceiling": "#c5cbd3",
            "control": "#c5cbd3"}
_LEGEND = (("ours", "dns-monitor"), ("reference", "tcpdump"), ("peer", "other peers"),
           ("ceiling", "ceilings and controls"))
_HOW_TO_READ = ("bar: the median; line: least to most, or the median's 95 % interval; ×: ratio to "
                "tcpdump in the same run (growth: to the first row)")
_STYLE = """\
text { font: 12px "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; fill: #22272e }
.title { font-size: 20px; font-weight: bold }
.panel { font-size: 15px; font-weight: bold }
.block { font-weight: bold }
.small { font-size: 11px; fill: #59636e }
.end { text-anchor: end }
.yes { fill: #1a7f37; font-weight: bold }
.NO { fill: #cf222e; font-weight: bold }"""


def draw(panels, subtitle):
    """The text of the picture."""
    columns = _distribute(panels)
    top = 92
    body = []
    for index, column in enumerate(columns):
        x, y = _MARGIN + index * (_PANEL + _GAP), top
        for panel in column:
            body += _panel(panel, x, y)
            y += _panel_height(panel) + _GAP
    height = top + max((sum(_panel_height(panel) + _GAP for panel in column)
                        for column in columns), default=0)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height:.0f}" '
        f'viewBox="0 0 {_WIDTH} {height:.0f}">',
        f"<style>{_STYLE}</style>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        _text(_MARGIN, 36, "dns-monitor beside tcpdump and others", "title"),
        _text(_MARGIN, 56, subtitle, "small"), *_legend(), *body, "</svg>"]) + "\n"


def _distribute(panels):
    """In their order, each into the column that is shortest."""
    columns = [[] for _ in range(_COLUMNS)]
    heights = [0.0] * _COLUMNS
    for panel in panels:
        shortest = heights.index(min(heights))
        columns[shortest].append(panel)
        heights[shortest] += _panel_height(panel) + _GAP
    return columns


def _panel_height(panel):
    rows = sum(_BLOCK_HEAD + _ROW * len(block.entries) for block in panel.blocks)
    return _PANEL_HEAD + rows + _NOTE * len(_notes(panel)) + _PAD


def _notes(panel):
    """Cut into lines that fit."""
    lines = []
    for note in panel.notes:
        line = ""
        for word in note.split():
            if line and len(line) + 1 + len(word) > 104:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}".strip()
        lines.append(line)
    return lines


def _legend():
    parts, x = [], _MARGIN
    for role, name in _LEGEND:
        parts.append(_rect(x, 68, 12, 10, _COLOURS[role]))
        parts.append(_text(x + 17, 77, name, "small"))
        x += 30 + 7 * len(name)
    parts.append(_text(x, 77, _HOW_TO_READ, "small"))
    return parts


def _panel(panel, x, y):
    height = _panel_height(panel)
    parts = [f'<rect x="{x:.1f}" y="{y:.1f}" width="{_PANEL:.1f}" height="{height:.1f}" rx="6" '
             'fill="#fbfcfd" stroke="#d5dae0"/>',
             _text(x + _PAD, y + 24, panel.title, "panel")]
    at = y + _PANEL_HEAD
    for block in panel.blocks:
        parts += _block(block, x + _PAD, at)
        at += _BLOCK_HEAD + _ROW * len(block.entries)
    for line in _notes(panel):
        parts.append(_text(x + _PAD, at + 14, line, "small"))
        at += _NOTE
    return parts


def _block(block, x, y):
    low = min([0.0] + [entry.low for entry in block.entries])
    high = max([entry.high for entry in block.entries] + [0.0])
    scale = _BARS / (high - low) if high > low else 0.0
    zero = x + _LABEL - low * scale
    bottom = y + _BLOCK_HEAD + _ROW * len(block.entries)
    parts = [_text(x, y + 22, f"{block.label}", "block"),
             _text(x + _PANEL - 2 * _PAD, y + 22, block.unit, "small end"),
             f'<line x1="{zero:.1f}" y1="{y + _BLOCK_HEAD - 4:.1f}" x2="{zero:.1f}" '
             f'y2="{bottom - 2:.1f}" stroke="#b8c0ca"/>']
    for index, entry in enumerate(block.entries):
        parts += _row(block, entry, x, y + _BLOCK_HEAD + index * _ROW, zero, scale)
    return parts


def _row(block, entry, x, y, zero, scale):
    middle = y + _ROW / 2 - 2
    end = zero + entry.median * scale
    left, right = zero + entry.low * scale, zero + entry.high * scale
    parts = [_text(x, middle + 4, _short(entry.label)),
             _rect(min(zero, end), middle - 5, max(abs(end - zero), 0.8), 10,
                   _COLOURS[entry.role])]
    if right - left > 0.5:
        parts.append(f'<path d="M{left:.1f} {middle:.1f}H{right:.1f}M{left:.1f} {middle - 4:.1f}v8'
                     f'M{right:.1f} {middle - 4:.1f}v8" stroke="#22272e" fill="none"/>')
    behind = x + _LABEL + _BARS
    parts.append(_text(behind + 60, middle + 4, number(entry.median, block.digits), "end"))
    if entry.ratio is not None:
        parts.append(_text(behind + 108, middle + 4, f"{multiple(entry.ratio)}×", "small end"))
    if entry.wanted:
        parts.append(_text(x + _PANEL - 2 * _PAD, middle + 4, verdict(entry).replace("<=", "≤ "),
                           f"end {'yes' if entry.met else 'NO'}"))
    return parts


def _short(label):
    return label if len(label) <= 31 else f"{label[:30]}…"


def _rect(x, y, width, height, colour):
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'fill="{colour}"/>')


def _text(x, y, text, kind=""):
    kind = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{kind}>{escape(text)}</text>'
