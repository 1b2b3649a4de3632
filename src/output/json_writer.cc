// JSON, as PacketQ lays it out, and NDJSON.

#include <unordered_set>

#include "absl/strings/str_cat.h"
#include "src/output/json_parts.h"
#include "src/output/row_writer.h"

namespace dns_monitor::output {
namespace {

class JsonWriter : public RowWriter {
 public:
  JsonWriter(const std::vector<Column>& columns, const OutputOptions& options)
      : RowWriter(columns), options_(options) {
    SetBefore("\n      [", ",");
    SetAfterRow("]");
    SetBetweenRows(",");
  }

  void Begin(TextBuffer* out) override {
    if (options_.result_number > 0) out->Append(",\n");
    out->Append("  {\n    \"table_name\": ");
    AppendJsonText(ResultName(options_), out);
    out->Append(",\n    \"query\": ");
    AppendJsonText(options_.query, out);
    out->Append(",\n    \"head\": [");
    for (const Column& column : columns()) {
      out->Append(&column == columns().data() ? "\n" : ",\n");
      out->Append("      { \"name\": ");
      AppendJsonText(column.name, out);
      out->Append(",\"type\": ");
      AppendJsonText(KindName(column.kind), out);
      out->Append(" }");
    }
    out->Append("\n    ],\n    \"data\": [");
  }

  // The line ends when it is known whether a result follows.
  void End(uint64_t /*rows*/, bool /*cut_off*/, TextBuffer* out) override {
    out->Append("\n    ]\n  }");
  }

 private:
  const OutputOptions& options_;
};

class NdjsonWriter : public RowWriter {
 public:
  explicit NdjsonWriter(const std::vector<Column>& columns) : RowWriter(columns) {
    std::vector<std::string> before;
    for (const std::string& key : DifferentNames(columns)) {
      TextBuffer text;
      text.Append(1, before.empty() ? '{' : ',');
      AppendJsonText(key, &text);
      text.Append(1, ':');
      before.emplace_back(text.view());
    }
    SetBefore(before);
    SetAfterRow("}\n");
  }

  void Begin(TextBuffer* /*out*/) override {}
  void End(uint64_t /*rows*/, bool /*cut_off*/, TextBuffer* /*out*/) override {}

 private:
  // Of two equal keys a reader of JSON would lose one.
  static std::vector<std::string> DifferentNames(const std::vector<Column>& columns) {
    std::vector<std::string> names;
    std::unordered_set<std::string> taken;
    for (const Column& column : columns) taken.insert(column.name);
    std::unordered_set<std::string> seen;
    for (const Column& column : columns) {
      std::string name = column.name;
      if (!seen.insert(name).second) {
        for (int i = 1; !taken.insert(name).second; ++i) name = absl::StrCat(column.name, "_", i);
      }
      names.push_back(std::move(name));
    }
    return names;
  }
};

}  // namespace

std::unique_ptr<ResultWriter> MakeJsonWriter(const std::vector<Column>& columns,
                                             const OutputOptions& options) {
  return std::make_unique<JsonWriter>(columns, options);
}

std::unique_ptr<ResultWriter> MakeNdjsonWriter(const std::vector<Column>& columns) {
  return std::make_unique<NdjsonWriter>(columns);
}

}  // namespace dns_monitor::output
