"""Statistics, on numbers whose answers are known."""
import random
import unittest

from measure import estimate
from measure.turns import turns


class MedianInterval(unittest.TestCase):
    def test_is_the_whole_range_of_few_values(self):
        self.assertEqual(estimate.median_interval([3, 1, 2]), (1, 2, 3))
        self.assertEqual(estimate.median_interval([7]), (7, 7, 7))

    def test_takes_the_ranks_of_the_binomial_distribution(self):
        # Textbook ranks (counted from 1) of 95 %: 2 and 9 of 10, 10 and 21 of 30.
        self.assertEqual(estimate.median_interval(range(1, 11))[::2], (2, 9))
        self.assertEqual(estimate.median_interval(range(1, 31))[::2], (10, 21))

    def test_approximates_where_values_are_many(self):
        low, median, high = estimate.median_interval(range(1, 1002))
        self.assertEqual(median, 501)
        self.assertAlmostEqual(low, 470, delta=2)
        self.assertAlmostEqual(high, 532, delta=2)

    def test_holds_the_median_as_often_as_it_says(self):
        source = random.Random(1)
        held = 0
        for _ in range(500):
            low, _, high = estimate.median_interval([source.expovariate(1) for _ in range(25)])
            held += low <= 0.6931 <= high
        self.assertGreaterEqual(held, 465)


class Ratio(unittest.TestCase):
    def test_is_taken_within_rounds(self):
        # The machine got twice as slow in the second round.
        self.assertAlmostEqual(estimate.paired_ratio([10, 20, 11], [100, 200, 100]), 0.1)

    def test_says_nothing_of_nothing(self):
        self.assertIsNone(estimate.paired_ratio([1, 2], [0, 0]))
        self.assertIsNone(estimate.paired_ratio([], []))


class Growth(unittest.TestCase):
    def test_by_the_same_with_each_doubling_is_logarithmic(self):
        self.assertTrue(estimate.is_logarithmic({1: 3, 2: 6, 4: 9, 8: 12, 64: 21}))
        self.assertTrue(estimate.is_logarithmic({1: 3, 2: 3, 8: 3, 64: 3}))

    def test_by_the_number_is_not(self):
        self.assertFalse(estimate.is_logarithmic({1: 3, 2: 6, 4: 12, 8: 24, 64: 192}))


class Turns(unittest.TestCase):
    def test_who_is_first_changes(self):
        taken = list(turns({"a": 3, "b": 3, "c": 1}))
        self.assertEqual(taken, [(0, "a"), (0, "b"), (0, "c"), (1, "b"), (1, "a"), (2, "a"),
                                 (2, "b")])

    def test_of_nobody_are_none(self):
        self.assertEqual(list(turns({})), [])


if __name__ == "__main__":
    unittest.main()
