"""Tools in turn, since a machine drifts."""


def turns(rounds):
    """Yields (round, what) for {what: how many rounds}; who comes first changes with each round."""
    order = list(rounds)
    for number in range(max(rounds.values(), default=0)):
        start = number % len(order)
        for what in order[start:] + order[:start]:
            if number < rounds[what]:
                yield number, what


def take_turns(bench, figure, rounds, run):
    """{tool: [what run(tool) returned]}; each is kept in the report as well.

    When time is short, one round is all.
    """
    runs = {tool: [] for tool in rounds}
    for number, tool in turns(rounds):
        if number > 0 and bench.is_late():
            break
        bench.progress(f"{figure}: round {number + 1}: {tool.label}")
        runs[tool].append(run(tool))
        bench.keep(figure, tool.label, runs[tool][-1])
    return runs
