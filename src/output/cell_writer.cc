#include "src/output/cell_writer.h"

#include <cmath>
#include <cstring>

#include "src/output/escape.h"
#include "src/output/json_parts.h"
#include "src/output/long_text.h"
#include "src/output/scalar_text.h"

namespace dns_monitor::output {
namespace {

struct Json {
  using Rules = JsonRules;
  static constexpr absl::string_view kNull = "null";
  static constexpr bool kQuotes = true;  // around all that is no number
  static constexpr bool kIsJson = true;
};
template <typename CsvKind>
struct Csv {
  using Rules = CsvKind;
  static constexpr absl::string_view kNull = "";
  static constexpr bool kQuotes = true;
  static constexpr bool kIsJson = false;
};
template <typename RulesOf>
struct Bare {
  using Rules = RulesOf;
  static constexpr absl::string_view kNull = "";
  static constexpr bool kQuotes = false;
  static constexpr bool kIsJson = false;
};
struct Terminal : Bare<TerminalRules> {
  static constexpr absl::string_view kNull = "NULL";
};

template <typename Format>
void WriteNull(TextBuffer* out) {
  out->Append(Format::kNull);
}

template <typename Format>
void AppendText(absl::string_view text, TextBuffer* out) {
  char* to = out->Room(kMostGrowth * text.size() + 10);
  if (Format::kQuotes) *to++ = '"';
  to = Escape<typename Format::Rules>(text, to);
  if (Format::kQuotes) *to++ = '"';
  out->EndAt(to);
}

template <typename Format, FormatScalar kFormat>
void WriteNumber(const Column& column, idx_t row, TextBuffer* out) {
  if (column.IsNull(row)) return WriteNull<Format>(out);
  out->EndAt(kFormat(column, row, out->Room(kMostScalarBytes)));
}

template <typename Format, typename Floating, FormatScalar kFormat>
void WriteFloat(const Column& column, idx_t row, TextBuffer* out) {
  if (Format::kIsJson && !column.IsNull(row) && !std::isfinite(column.Get<Floating>(row))) {
    return WriteNull<Format>(out);
  }
  WriteNumber<Format, kFormat>(column, row, out);
}

// What needs no rules, as it has only letters, digits and what stands in times.
template <typename Format, FormatScalar kFormat>
void WriteWord(const Column& column, idx_t row, TextBuffer* out) {
  if (column.IsNull(row)) return WriteNull<Format>(out);
  char* to = out->Room(kMostScalarBytes);
  if (Format::kQuotes) *to++ = '"';
  to = kFormat(column, row, to);
  if (Format::kQuotes) *to++ = '"';
  out->EndAt(to);
}

template <typename Format>
void WriteText(const Column& column, idx_t row, TextBuffer* out) {
  if (column.IsNull(row)) return WriteNull<Format>(out);
  AppendText<Format>(TextOf(column.Get<duckdb_string_t>(row)), out);
}

template <typename Format, typename Index>
void WriteEnum(const Column& column, idx_t row, TextBuffer* out) {
  if (column.IsNull(row)) return WriteNull<Format>(out);
  AppendText<Format>(column.words[column.Get<Index>(row)], out);
}

template <typename Format, void (*kAppend)(absl::string_view, TextBuffer*)>
void WriteLong(const Column& column, idx_t row, TextBuffer* out) {
  if (column.IsNull(row)) return WriteNull<Format>(out);
  TextBuffer text(64);
  kAppend(TextOf(column.Get<duckdb_string_t>(row)), &text);
  AppendText<Format>(text.view(), out);
}

template <typename Format>
void WriteBignum(const Column& column, idx_t row, TextBuffer* out) {
  if (column.IsNull(row)) return WriteNull<Format>(out);
  AppendBignum(TextOf(column.Get<duckdb_string_t>(row)), out);
}

template <typename Format, WriteCell kWrite>
void WriteParts(const Column& column, idx_t row, TextBuffer* out) {
  if (column.IsNull(row)) return WriteNull<Format>(out);
  if constexpr (Format::kIsJson) {
    kWrite(column, row, out);
  } else {
    TextBuffer json(256);
    kWrite(column, row, &json);
    AppendText<Format>(json.view(), out);
  }
}

template <typename Format>
void WriteAlwaysNull(const Column& /*column*/, idx_t /*row*/, TextBuffer* out) {
  WriteNull<Format>(out);
}

template <typename Format>
WriteCell ChooseEnum(duckdb_type stored_as) {
  switch (stored_as) {
    case DUCKDB_TYPE_UTINYINT:
      return WriteEnum<Format, uint8_t>;
    case DUCKDB_TYPE_USMALLINT:
      return WriteEnum<Format, uint16_t>;
    default:
      return WriteEnum<Format, uint32_t>;
  }
}

template <typename Format>
WriteCell ChooseNumber(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
      return WriteNumber<Format, FormatBool>;
    case DUCKDB_TYPE_TINYINT:
      return WriteNumber<Format, FormatInteger<int8_t>>;
    case DUCKDB_TYPE_SMALLINT:
      return WriteNumber<Format, FormatInteger<int16_t>>;
    case DUCKDB_TYPE_INTEGER:
      return WriteNumber<Format, FormatInteger<int32_t>>;
    case DUCKDB_TYPE_BIGINT:
      return WriteNumber<Format, FormatInteger<int64_t>>;
    case DUCKDB_TYPE_UTINYINT:
      return WriteNumber<Format, FormatInteger<uint8_t>>;
    case DUCKDB_TYPE_USMALLINT:
      return WriteNumber<Format, FormatInteger<uint16_t>>;
    case DUCKDB_TYPE_UINTEGER:
      return WriteNumber<Format, FormatInteger<uint32_t>>;
    case DUCKDB_TYPE_UBIGINT:
      return WriteNumber<Format, FormatInteger<uint64_t>>;
    case DUCKDB_TYPE_HUGEINT:
      return WriteNumber<Format, FormatHugeInt>;
    case DUCKDB_TYPE_UHUGEINT:
      return WriteNumber<Format, FormatUnsignedHugeInt>;
    case DUCKDB_TYPE_BIGNUM:
      return WriteBignum<Format>;
    case DUCKDB_TYPE_DECIMAL:
      return WriteNumber<Format, FormatDecimal>;
    case DUCKDB_TYPE_FLOAT:
      return WriteFloat<Format, float, FormatFloat>;
    case DUCKDB_TYPE_DOUBLE:
      return WriteFloat<Format, double, FormatDouble>;
    default:
      return nullptr;
  }
}

template <typename Format>
WriteCell ChooseWord(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_UUID:
      return WriteWord<Format, FormatUuid>;
    case DUCKDB_TYPE_DATE:
      return WriteWord<Format, FormatDate>;
    case DUCKDB_TYPE_TIME:
      return WriteWord<Format, FormatTime>;
    case DUCKDB_TYPE_TIME_NS:
      return WriteWord<Format, FormatTimeNs>;
    case DUCKDB_TYPE_TIME_TZ:
      return WriteWord<Format, FormatTimeTz>;
    case DUCKDB_TYPE_TIMESTAMP_S:
      return WriteWord<Format, FormatTimestampS>;
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return WriteWord<Format, FormatTimestampMs>;
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return WriteWord<Format, FormatTimestamp>;
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return WriteWord<Format, FormatTimestampNs>;
    case DUCKDB_TYPE_INTERVAL:
      return WriteWord<Format, FormatInterval>;
    default:
      return nullptr;
  }
}

template <typename Format>
WriteCell ChooseText(const Column& column) {
  switch (column.type) {
    case DUCKDB_TYPE_VARCHAR:
      return WriteText<Format>;
    case DUCKDB_TYPE_ENUM:
      return ChooseEnum<Format>(column.stored_as);
    case DUCKDB_TYPE_BLOB:
      return WriteLong<Format, AppendBlob>;
    case DUCKDB_TYPE_BIT:
      return WriteLong<Format, AppendBits>;
    case DUCKDB_TYPE_LIST:
      return WriteParts<Format, WriteList>;
    case DUCKDB_TYPE_ARRAY:
      return WriteParts<Format, WriteArray>;
    case DUCKDB_TYPE_STRUCT:
      return WriteParts<Format, WriteStruct>;
    case DUCKDB_TYPE_MAP:
      return WriteParts<Format, WriteMap>;
    case DUCKDB_TYPE_UNION:
      return WriteParts<Format, WriteUnion>;
    case DUCKDB_TYPE_SQLNULL:
      return WriteAlwaysNull<Format>;
    default:
      return nullptr;
  }
}

template <typename Format>
WriteCell Choose(const Column& column) {
  if (const WriteCell write = ChooseNumber<Format>(column.type); write != nullptr) return write;
  if (const WriteCell write = ChooseWord<Format>(column.type); write != nullptr) return write;
  return ChooseText<Format>(column);
}

}  // namespace

WriteCell JsonCellWriter(const Column& column) {
  return Choose<Json>(column);
}
WriteCell CsvCellWriter(const Column& column) {
  return Choose<Csv<CsvRules>>(column);
}
WriteCell XmlCellWriter(const Column& column) {
  return Choose<Bare<XmlRules>>(column);
}
WriteCell MarkdownCellWriter(const Column& column) {
  return Choose<Bare<MarkdownRules>>(column);
}
WriteCell TerminalCellWriter(const Column& column) {
  return Choose<Terminal>(column);
}
WriteCell TerminalCsvCellWriter(const Column& column) {
  return Choose<Csv<TerminalCsvRules>>(column);
}

void AppendCsvText(absl::string_view text, bool terminal, TextBuffer* out) {
  return terminal ? AppendText<Csv<TerminalCsvRules>>(text, out)
                  : AppendText<Csv<CsvRules>>(text, out);
}
void AppendXmlText(absl::string_view text, TextBuffer* out) {
  AppendText<Bare<XmlRules>>(text, out);
}
void AppendMarkdownText(absl::string_view text, TextBuffer* out) {
  AppendText<Bare<MarkdownRules>>(text, out);
}
void AppendTerminalText(absl::string_view text, TextBuffer* out) {
  AppendText<Terminal>(text, out);
}

}  // namespace dns_monitor::output
