#include "src/output/scalar_text.h"

#include <cstring>
#include <limits>

#include "absl/strings/string_view.h"

namespace dns_monitor::output {
namespace {

char* WriteText(absl::string_view text, char* to) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

__int128 Join(duckdb_hugeint value) {
  return static_cast<__int128>(static_cast<Uint128>(static_cast<uint64_t>(value.upper)) << 64 |
                               value.lower);
}

// DuckDB's greatest values mean infinity, with either sign.
template <typename Count>
char* WriteInfinity(Count count, char* to) {
  if (count == std::numeric_limits<Count>::max()) return WriteText("infinity", to);
  if (count == -std::numeric_limits<Count>::max()) return WriteText("-infinity", to);
  return nullptr;
}

template <int64_t kUnitsASecond>
char* FormatAnyTimestamp(const Column& column, idx_t row, char* to) {
  const int64_t units = column.Get<int64_t>(row);
  char* const infinity = WriteInfinity(units, to);
  return infinity != nullptr ? infinity : WriteTimestamp<kUnitsASecond>(units, to);
}

char* WriteMicrosOfDay(int64_t micros, char* to) {
  return WriteTimeOfDay(micros / 1'000'000, micros % 1'000'000 * 1000, to);
}

char* WriteHexBytes(uint64_t value, int bytes, char* to) {
  constexpr char kHexDigits[] = "0123456789abcdef";
  for (int shift = 8 * bytes; (shift -= 4) >= 0;) *to++ = kHexDigits[value >> shift & 0xf];
  return to;
}

}  // namespace

char* FormatBool(const Column& column, idx_t row, char* to) {
  return WriteText(column.Get<bool>(row) ? "true" : "false", to);
}

char* FormatHugeInt(const Column& column, idx_t row, char* to) {
  return WriteSigned128(Join(column.Get<duckdb_hugeint>(row)), to);
}

char* FormatUnsignedHugeInt(const Column& column, idx_t row, char* to) {
  const auto value = column.Get<duckdb_uhugeint>(row);
  return WriteUnsigned128(static_cast<Uint128>(value.upper) << 64 | value.lower, to);
}

char* FormatDecimal(const Column& column, idx_t row, char* to) {
  __int128 value;
  switch (column.stored_as) {
    case DUCKDB_TYPE_SMALLINT:
      value = column.Get<int16_t>(row);
      break;
    case DUCKDB_TYPE_INTEGER:
      value = column.Get<int32_t>(row);
      break;
    case DUCKDB_TYPE_BIGINT:
      value = column.Get<int64_t>(row);
      break;
    default:
      value = Join(column.Get<duckdb_hugeint>(row));
  }
  return WriteDecimal(value, column.scale, to);
}

char* FormatFloat(const Column& column, idx_t row, char* to) {
  return WriteFloating(column.Get<float>(row), to);
}

char* FormatDouble(const Column& column, idx_t row, char* to) {
  return WriteFloating(column.Get<double>(row), to);
}

char* FormatUuid(const Column& column, idx_t row, char* to) {
  const auto value = column.Get<duckdb_hugeint>(row);
  // Stored with this bit turned over, so that it sorts as a signed number.
  const uint64_t upper = static_cast<uint64_t>(value.upper) ^ uint64_t { 1 } << 63;
  to = WriteHexBytes(upper >> 32, 4, to);
  *to++ = '-';
  to = WriteHexBytes(upper >> 16, 2, to);
  *to++ = '-';
  to = WriteHexBytes(upper, 2, to);
  *to++ = '-';
  to = WriteHexBytes(value.lower >> 48, 2, to);
  *to++ = '-';
  return WriteHexBytes(value.lower, 6, to);
}

char* FormatDate(const Column& column, idx_t row, char* to) {
  const int32_t days = column.Get<int32_t>(row);
  char* const infinity = WriteInfinity(days, to);
  return infinity != nullptr ? infinity : WriteDate(days, to);
}

char* FormatTime(const Column& column, idx_t row, char* to) {
  return WriteMicrosOfDay(column.Get<int64_t>(row), to);
}

char* FormatTimeNs(const Column& column, idx_t row, char* to) {
  const int64_t nanos = column.Get<int64_t>(row);
  return WriteTimeOfDay(nanos / kNanosASecond, nanos % kNanosASecond, to);
}

char* FormatTimeTz(const Column& column, idx_t row, char* to) {
  const duckdb_time_tz_struct parts = duckdb_from_time_tz(column.Get<duckdb_time_tz>(row));
  const int64_t seconds = (parts.time.hour * 60 + parts.time.min) * 60 + parts.time.sec;
  return WriteUtcOffset(parts.offset,
                        WriteTimeOfDay(seconds, int64_t{1000} * parts.time.micros, to));
}

char* FormatTimestampS(const Column& column, idx_t row, char* to) {
  return FormatAnyTimestamp<1>(column, row, to);
}
char* FormatTimestampMs(const Column& column, idx_t row, char* to) {
  return FormatAnyTimestamp<1000>(column, row, to);
}
char* FormatTimestamp(const Column& column, idx_t row, char* to) {
  return FormatAnyTimestamp<1'000'000>(column, row, to);
}
char* FormatTimestampNs(const Column& column, idx_t row, char* to) {
  return FormatAnyTimestamp<kNanosASecond>(column, row, to);
}

char* FormatInterval(const Column& column, idx_t row, char* to) {
  const auto& interval = column.Get<duckdb_interval>(row);
  return WriteInterval(interval.months, interval.days, interval.micros, to);
}

}  // namespace dns_monitor::output
