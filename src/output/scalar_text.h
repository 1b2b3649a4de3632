// The texts of values that take a bounded number of bytes, all of them printable ASCII. Each
// function writes the value of a row, which is not NULL, at `to`, and returns the end.
#pragma once

#include <cstdint>
#include <type_traits>

#include "src/output/column.h"
#include "src/output/digits.h"
#include "src/output/time_text.h"

namespace dns_monitor::output {

using FormatScalar = char* (*)(const Column& column, idx_t row, char* to);
inline constexpr size_t kMostScalarBytes = kMostTimeBytes;

template <typename Integer>
char* FormatInteger(const Column& column, idx_t row, char* to) {
  const Integer value = column.Get<Integer>(row);
  if constexpr (std::is_signed_v<Integer>) {
    return WriteSigned(value, to);
  } else {
    return WriteUnsigned(value, to);
  }
}

char* FormatBool(const Column& column, idx_t row, char* to);
char* FormatHugeInt(const Column& column, idx_t row, char* to);
char* FormatUnsignedHugeInt(const Column& column, idx_t row, char* to);
char* FormatDecimal(const Column& column, idx_t row, char* to);
char* FormatFloat(const Column& column, idx_t row, char* to);
char* FormatDouble(const Column& column, idx_t row, char* to);
char* FormatUuid(const Column& column, idx_t row, char* to);
// "infinity" and "-infinity", where DuckDB has such values, else as time_text.h has them.
char* FormatDate(const Column& column, idx_t row, char* to);
char* FormatTime(const Column& column, idx_t row, char* to);
char* FormatTimeNs(const Column& column, idx_t row, char* to);
char* FormatTimeTz(const Column& column, idx_t row, char* to);
char* FormatTimestampS(const Column& column, idx_t row, char* to);
char* FormatTimestampMs(const Column& column, idx_t row, char* to);
char* FormatTimestamp(const Column& column, idx_t row, char* to);  // also that with a zone
char* FormatTimestampNs(const Column& column, idx_t row, char* to);
char* FormatInterval(const Column& column, idx_t row, char* to);

}  // namespace dns_monitor::output
