// Rows whose cells stand one behind the other, with fixed text between them.
#pragma once

#include <string>
#include <vector>

#include "src/output/result_writer.h"

namespace dns_monitor::output {

// What differs is what stands around the cells, and around the rows.
class RowWriter : public ResultWriter {
 public:
  void Row(idx_t row, TextBuffer* out) final;

 protected:
  explicit RowWriter(const std::vector<Column>& columns) : columns_(columns) {}

  const std::vector<Column>& columns() const { return columns_; }
  // Before the cells of each column, the same for all but the first, and behind the last. To be
  // called once by Begin, or the constructor.
  void SetBefore(absl::string_view first, absl::string_view others);
  void SetBefore(const std::vector<std::string>& each);
  void SetAfterRow(absl::string_view text) { after_row_ = Text(text); }
  void SetBetweenRows(absl::string_view text) { between_rows_ = Text(text); }

 private:
  // Short ones, which is what nearly all are, are copied without a call.
  class Text {
   public:
    Text() = default;
    explicit Text(absl::string_view text);
    void AppendTo(TextBuffer* out) const;

   private:
    static constexpr size_t kShortBytes = TextBuffer::kSlackBytes;
    size_t size_ = 0;
    char short_[kShortBytes] = {};
    std::string long_;
  };

  const std::vector<Column>& columns_;
  std::vector<Text> before_;
  Text after_row_;
  Text between_rows_;
  bool first_ = true;
};

}  // namespace dns_monitor::output
