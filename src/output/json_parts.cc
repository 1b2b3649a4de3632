#include "src/output/json_parts.h"

#include "src/output/escape.h"

namespace dns_monitor::output {
namespace {

void WriteElements(const Column& element, idx_t from, idx_t count, TextBuffer* out) {
  out->Append(1, '[');
  for (idx_t i = 0; i < count; ++i) {
    if (i > 0) out->Append(1, ',');
    element.write(element, from + i, out);
  }
  out->Append(1, ']');
}

void WriteKey(const Column& key, idx_t row, TextBuffer* out) {
  TextBuffer value(64);
  key.write(key, row, &value);
  if (value.view().front() == '"') {
    out->Append(value.view());
  } else {
    AppendJsonText(value.view(), out);
  }
}

}  // namespace

void AppendJsonText(absl::string_view text, TextBuffer* out) {
  char* to = out->Room(kMostGrowth * text.size() + 10);
  *to++ = '"';
  to = Escape<JsonRules>(text, to);
  *to++ = '"';
  out->EndAt(to);
}

void WriteList(const Column& column, idx_t row, TextBuffer* out) {
  const auto& list = column.Get<duckdb_list_entry>(row);
  WriteElements(column.parts[0], list.offset, list.length, out);
}

void WriteArray(const Column& column, idx_t row, TextBuffer* out) {
  WriteElements(column.parts[0], row * column.array_size, column.array_size, out);
}

void WriteStruct(const Column& column, idx_t row, TextBuffer* out) {
  const bool named = !column.parts.empty() && !column.parts[0].name.empty();
  out->Append(1, named ? '{' : '[');
  for (const Column& field : column.parts) {
    if (&field != column.parts.data()) out->Append(1, ',');
    if (named) {
      AppendJsonText(field.name, out);
      out->Append(1, ':');
    }
    field.write(field, row, out);
  }
  out->Append(1, named ? '}' : ']');
}

void WriteMap(const Column& column, idx_t row, TextBuffer* out) {
  const auto& list = column.Get<duckdb_list_entry>(row);
  const Column& key = column.parts[0].parts[0];
  const Column& value = column.parts[0].parts[1];
  out->Append(1, '{');
  for (idx_t i = list.offset; i < list.offset + list.length; ++i) {
    if (i > list.offset) out->Append(1, ',');
    WriteKey(key, i, out);
    out->Append(1, ':');
    value.write(value, i, out);
  }
  out->Append(1, '}');
}

void WriteUnion(const Column& column, idx_t row, TextBuffer* out) {
  const Column& member = column.parts[column.parts[0].Get<uint8_t>(row) + size_t{1}];
  out->Append(1, '{');
  AppendJsonText(member.name, out);
  out->Append(1, ':');
  member.write(member, row, out);
  out->Append(1, '}');
}

}  // namespace dns_monitor::output
