// What EXPLAIN says, which is a drawing of lines and no value: as it is.

#include <algorithm>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "src/output/cell_writer.h"
#include "src/output/result_writer.h"

namespace dns_monitor::output {
namespace {

class ExplanationWriter : public ResultWriter {
 public:
  ExplanationWriter(const Column& text, bool terminal) : text_(text), terminal_(terminal) {}

  void Begin(TextBuffer* /*out*/) override {}

  void Row(idx_t row, TextBuffer* out) override {
    if (text_.IsNull(row)) return;
    absl::string_view text = TextOf(text_.Get<duckdb_string_t>(row));
    absl::ConsumeSuffix(&text, "\n");
    for (const absl::string_view line : absl::StrSplit(text, '\n')) {
      if (terminal_) {
        AppendTerminalText(line, out);
      } else {
        out->Append(line);
      }
      out->Append(1, '\n');
    }
  }

  void End(uint64_t /*rows*/, bool /*cut_off*/, TextBuffer* /*out*/) override {}

 private:
  const Column& text_;
  const bool terminal_;
};

}  // namespace

bool IsExplanation(const std::vector<Column>& columns) {
  return columns.size() == 2 && columns[0].name == "explain_key" &&
         columns[1].name == "explain_value" &&
         std::all_of(columns.begin(), columns.end(),
                     [](const Column& column) { return column.type == DUCKDB_TYPE_VARCHAR; });
}

std::unique_ptr<ResultWriter> MakeExplanationWriter(const std::vector<Column>& columns,
                                                    bool terminal) {
  return std::make_unique<ExplanationWriter>(columns[1], terminal);
}

}  // namespace dns_monitor::output
