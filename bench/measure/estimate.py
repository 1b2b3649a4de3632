"""Medians, their spread, and what may be said of them."""
import math
import statistics


def median_interval(values, confidence=0.95):
    """(low, median, high): the interval that holds the median with at least this confidence.

    By order statistics, which takes nothing for granted but that the values are independent: the
    k-th smallest and largest, where a fair coin shows fewer than k heads with at most half of what
    is left of the confidence. With fewer than six values the interval is their whole range.
    """
    ordered = sorted(values)
    count = len(ordered)
    return (ordered[_rank(count, confidence)], statistics.median(ordered),
            ordered[count - 1 - _rank(count, confidence)])


def _rank(count, confidence):
    """How many values at each end lie outside."""
    allowed = (1 - confidence) / 2
    if count > 500:  # as a normal distribution
        return max(0, math.floor(count / 2 - statistics.NormalDist().inv_cdf(1 - allowed)
                                 * math.sqrt(count) / 2) - 1)
    below, rank = 0.0, 0
    while rank < count // 2:
        below += math.comb(count, rank) / 2 ** count
        if below > allowed:
            break
        rank += 1
    return max(0, rank - 1)


def spread(values):
    """(least, median, most)."""
    return min(values), statistics.median(values), max(values)


def paired_ratio(ours, theirs):
    """The median of (ours / theirs) within the rounds that both have; None when that says nothing.

    What drifts from round to round drops out.
    """
    ratios = [our / their for our, their in zip(ours, theirs) if their > 0]
    return statistics.median(ratios) if ratios else None


def is_logarithmic(costs):
    """Whether the last cost is no more than what grows by the same with each doubling.

    `costs` by the number; the first is of 1. A quarter more is let pass.
    """
    numbers = sorted(costs)
    middle = numbers[-2]
    a_doubling = max(0.0, (costs[middle] - costs[numbers[0]]) / math.log2(middle / numbers[0]))
    expected = costs[numbers[0]] + a_doubling * math.log2(numbers[-1] / numbers[0])
    return costs[numbers[-1]] <= 1.25 * expected
