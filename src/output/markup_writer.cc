// CSV, XML and Markdown.

#include "absl/strings/str_cat.h"
#include "src/output/cell_writer.h"
#include "src/output/row_writer.h"

namespace dns_monitor::output {
namespace {

class CsvWriter : public RowWriter {
 public:
  CsvWriter(const std::vector<Column>& columns, bool terminal)
      : RowWriter(columns), terminal_(terminal) {
    SetBefore("", ",");
    SetAfterRow("\n");
  }

  void Begin(TextBuffer* out) override {
    for (const Column& column : columns()) {
      if (&column != columns().data()) out->Append(1, ',');
      AppendCsvText(column.name, terminal_, out);
    }
    out->Append(1, '\n');
  }
  void End(uint64_t /*rows*/, bool /*cut_off*/, TextBuffer* /*out*/) override {}

 private:
  const bool terminal_;
};

// One table of an XHTML document.
class XmlWriter : public RowWriter {
 public:
  XmlWriter(const std::vector<Column>& columns, const OutputOptions& options)
      : RowWriter(columns), options_(options) {
    SetBefore("<tr><td>", "</td> <td>");
    SetAfterRow("</td> </tr>\n");
  }

  void Begin(TextBuffer* out) override {
    out->Append("<table>\n");
    // The first one's number is the document's title.
    if (options_.result_number > 0 || !options_.name.empty()) {
      out->Append("<caption>");
      AppendXmlText(ResultName(options_), out);
      out->Append("</caption>\n");
    }
    out->Append("<tr>");
    for (const Column& column : columns()) {
      out->Append(absl::StrCat("<th class=\"", KindName(column.kind), "\">"));
      AppendXmlText(column.name, out);
      out->Append("</th>");
    }
    out->Append("</tr>\n");
  }
  void End(uint64_t /*rows*/, bool /*cut_off*/, TextBuffer* out) override {
    out->Append("</table>\n");
  }

 private:
  const OutputOptions& options_;
};

class MarkdownWriter : public RowWriter {
 public:
  explicit MarkdownWriter(const std::vector<Column>& columns) : RowWriter(columns) {
    SetBefore("| ", " | ");
    SetAfterRow(" |\n");
  }

  void Begin(TextBuffer* out) override {
    for (const Column& column : columns()) {
      out->Append(&column == columns().data() ? "| " : " | ");
      AppendMarkdownText(column.name, out);
    }
    out->Append(" |\n");
    for (const Column& column : columns()) {
      const bool is_number = column.kind == Kind::kInt || column.kind == Kind::kFloat;
      out->Append(is_number ? "| ---: " : "| --- ");
    }
    out->Append("|\n");
  }
  // Two tables without a line between them would be one.
  void End(uint64_t /*rows*/, bool /*cut_off*/, TextBuffer* out) override { out->Append(1, '\n'); }
};

}  // namespace

std::unique_ptr<ResultWriter> MakeCsvWriter(const std::vector<Column>& columns, bool terminal) {
  return std::make_unique<CsvWriter>(columns, terminal);
}

std::unique_ptr<ResultWriter> MakeXmlWriter(const std::vector<Column>& columns,
                                            const OutputOptions& options) {
  return std::make_unique<XmlWriter>(columns, options);
}

std::unique_ptr<ResultWriter> MakeMarkdownWriter(const std::vector<Column>& columns) {
  return std::make_unique<MarkdownWriter>(columns);
}

}  // namespace dns_monitor::output
