// From numbers to places in a chart.
#pragma once

#include <string>
#include <vector>

namespace dns_monitor::report {

// From 0 to the greatest of `values`, which is 100 (percent); all 0 when none is above 0.
class LinearScale {
 public:
  explicit LinearScale(const std::vector<double>& values);
  // What is below 0 is at 0.
  double Percent(double value) const;
  double greatest() const { return greatest_; }

 private:
  double greatest_ = 0;
};

// For what differs by magnitudes: powers of ten are equally far from each other. From the power at
// or below the least of the numbers above 0 to the one at or above the greatest; there are always
// two. What is 0 or less is at 0.
class LogScale {
 public:
  explicit LogScale(const std::vector<double>& values);
  double Percent(double value) const;
  // The powers of ten, both ends too.
  std::vector<double> marks() const;

 private:
  int first_ = 0;  // exponents
  int last_ = 1;
};

// "12.5%": at most two decimals.
std::string PercentText(double percent);

}  // namespace dns_monitor::report
