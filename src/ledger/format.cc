#include <utility>

#include "dns_monitor/ledger/json.h"
#include "fields.h"
#include "json_document.h"

namespace dns_monitor {
namespace {

constexpr absl::string_view kIndent = "  ";

// Writes one object; those within it are written by visitors of their own.
class Writer {
 public:
  enum class Layout { kLines, kOneLine };

  // All outlive this.
  Writer(std::string path, Layout layout, std::string* text, absl::Status* status)
      : path_(std::move(path)), layout_(layout), text_(text), status_(status) {}

  // `depth`: of the line that the object begins in.
  template <typename T>
  void Write(const T& value, int depth) {
    depth_ = depth + 1;
    text_->push_back('{');
    Describe(*this, value);
    if (layout_ == Layout::kLines && !empty_) NewLine(depth);
    text_->push_back('}');
  }

  void Version() { Value("format_version", kLedgerFormatVersion, AsCount()); }

  template <typename T, typename Kind>
  void Value(absl::string_view key, const T& value, Kind kind) {
    const nlohmann::json json = kind.Write(value);
    // What would not be read again is not written.
    T again{};
    if (!kind.Read(json, &again)) {
      if (status_->ok()) {
        *status_ = absl::InvalidArgumentError(
            absl::StrCat(MemberPath(path_, key), ": must be ", kind.Wanted(value)));
      }
      return;
    }
    Key(key);
    text_->append(json.dump());
  }
  template <typename T, typename Kind>
  void Value(absl::string_view key, const std::optional<T>& value, Kind kind) {
    if (value) Value(key, *value, kind);
  }

  template <size_t kSize>
  void Counts(absl::string_view key, const std::array<uint64_t, kSize>& counts,
              const std::array<absl::string_view, kSize>& names) {
    Key(key);
    Writer within(MemberPath(path_, key), layout_, text_, status_);
    within.depth_ = depth_ + 1;
    text_->push_back('{');
    for (size_t i = 0; i < kSize; ++i) {
      const bool other = i + 1 == kSize;
      if (!other || counts[i] != 0) within.Value(names[i], counts[i], AsCount());
    }
    if (layout_ == Layout::kLines) NewLine(depth_);
    text_->push_back('}');
  }

  template <typename T>
  void Object(absl::string_view key, const T& value) {
    Key(key);
    Writer(MemberPath(path_, key), layout_, text_, status_).Write(value, depth_);
  }
  template <typename T>
  void Object(absl::string_view key, const std::optional<T>& value) {
    if (value) Object(key, *value);
  }

  template <typename T>
  void List(absl::string_view key, const std::vector<T>& values) {
    Key(key);
    text_->push_back('[');
    const std::string path = MemberPath(path_, key);
    for (size_t i = 0; i < values.size(); ++i) {
      if (i != 0) text_->push_back(',');
      NewLine(depth_ + 1);
      Writer(absl::StrCat(path, "/", i), Layout::kOneLine, text_, status_).Write(values[i], depth_);
    }
    if (!values.empty()) NewLine(depth_);
    text_->push_back(']');
  }

 private:
  void NewLine(int depth) {
    text_->push_back('\n');
    for (int i = 0; i < depth; ++i) absl::StrAppend(text_, kIndent);
  }
  // Ours need no escapes.
  void Key(absl::string_view key) {
    if (!empty_) text_->push_back(',');
    if (layout_ == Layout::kLines) {
      NewLine(depth_);
    } else if (!empty_) {
      text_->push_back(' ');
    }
    empty_ = false;
    absl::StrAppend(text_, "\"", key, "\": ");
  }

  const std::string path_;
  const Layout layout_;
  std::string* const text_;
  absl::Status* const status_;  // keeps the first error
  int depth_ = 0;               // of the fields
  bool empty_ = true;
};

}  // namespace

absl::StatusOr<std::string> FormatLedger(const Ledger& ledger) {
  std::string text;
  absl::Status status;
  Writer("", Writer::Layout::kLines, &text, &status).Write(ledger, 0);
  if (!status.ok()) return status;
  text.push_back('\n');
  return text;
}

absl::StatusOr<std::string> FormatRemoval(const RemovedSegment& removal) {
  std::string line;
  absl::Status status;
  Writer("", Writer::Layout::kOneLine, &line, &status).Write(removal, 0);
  if (!status.ok()) return status;
  return line;
}

}  // namespace dns_monitor
