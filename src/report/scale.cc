#include "src/report/scale.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace dns_monitor::report {

LinearScale::LinearScale(const std::vector<double>& values) {
  for (const double value : values) greatest_ = std::max(greatest_, value);
}

double LinearScale::Percent(double value) const {
  return greatest_ > 0 ? std::clamp(100 * value / greatest_, 0.0, 100.0) : 0;
}

LogScale::LogScale(const std::vector<double>& values) {
  double least = 0;
  double greatest = 0;
  for (const double value : values) {
    if (value <= 0) continue;
    if (least == 0 || value < least) least = value;
    greatest = std::max(greatest, value);
  }
  if (greatest == 0) return;
  first_ = static_cast<int>(std::floor(std::log10(least)));
  last_ = std::max(static_cast<int>(std::ceil(std::log10(greatest))), first_ + 1);
}

double LogScale::Percent(double value) const {
  if (value <= 0) return 0;
  return std::clamp(100 * (std::log10(value) - first_) / (last_ - first_), 0.0, 100.0);
}

std::vector<double> LogScale::marks() const {
  std::vector<double> marks;
  for (int exponent = first_; exponent <= last_; ++exponent) {
    marks.push_back(std::pow(10.0, exponent));
  }
  return marks;
}

std::string PercentText(double percent) {
  return absl::StrCat(std::round(100 * percent) / 100, "%");
}

}  // namespace dns_monitor::report
