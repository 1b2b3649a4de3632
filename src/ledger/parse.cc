#include <algorithm>
#include <utility>

#include "dns_monitor/base/status.h"
#include "dns_monitor/ledger/json.h"
#include "fields.h"
#include "json_document.h"

namespace dns_monitor {
namespace {

// Reads one object; those within it are read by visitors of their own. After the first error
// nothing is read any more.
class Reader {
 public:
  // All outlive this.
  Reader(const nlohmann::json& object, std::string path, absl::Status* status)
      : object_(object), path_(std::move(path)), status_(status) {
    if (!object_.is_object()) Fail(path_, "must be an object");
  }

  void Version() {
    uint32_t version = 0;
    Value("format_version", version, AsCount());
    if (!status_->ok() || version == kLedgerFormatVersion) return;
    Fail(MemberPath(path_, "format_version"),
         absl::StrCat("is ", version, ", but only ", kLedgerFormatVersion, " is known here"));
  }

  template <typename T, typename Kind>
  void Value(absl::string_view key, T& value, Kind kind) {
    const nlohmann::json* json = Find(key);
    if (json == nullptr || kind.Read(*json, &value)) return;
    Fail(MemberPath(path_, key), absl::StrCat("must be ", kind.Wanted(T{})));
  }
  template <typename T, typename Kind>
  void Value(absl::string_view key, std::optional<T>& value, Kind kind) {
    if (Has(key)) Value(key, value.emplace(), kind);
  }

  template <size_t kSize>
  void Counts(absl::string_view key, std::array<uint64_t, kSize>& counts,
              const std::array<absl::string_view, kSize>& names) {
    const nlohmann::json* json = Find(key);
    if (json == nullptr) return;
    Reader within(*json, MemberPath(path_, key), status_);
    if (!status_->ok()) return;
    for (const auto& [name, value] : json->items()) {
      uint64_t count = 0;
      within.Value(name, count, AsCount());
      const size_t known = std::find(names.begin(), names.end(), name) - names.begin();
      uint64_t* const to = &counts[std::min(known, kSize - 1)];  // the last one: other
      if (__builtin_add_overflow(*to, count, to))
        Fail(within.path_, "is more than a counter holds");
    }
  }

  template <typename T>
  void Object(absl::string_view key, T& value) {
    const nlohmann::json* json = Find(key);
    if (json != nullptr) Reader(*json, MemberPath(path_, key), status_).Read(value);
  }
  template <typename T>
  void Object(absl::string_view key, std::optional<T>& value) {
    if (Has(key)) Object(key, value.emplace());
  }

  template <typename T>
  void List(absl::string_view key, std::vector<T>& values) {
    const nlohmann::json* json = Find(key);
    if (json == nullptr) return;
    const std::string path = MemberPath(path_, key);
    if (!json->is_array()) return Fail(path, "must be a list");
    values.reserve(json->size());
    for (const nlohmann::json& entry : *json) {
      Reader reader(entry, absl::StrCat(path, "/", values.size()), status_);
      reader.Read(values.emplace_back());
      if (!status_->ok()) return;
    }
  }

  template <typename T>
  void Read(T& value) {
    if (status_->ok()) Describe(*this, value);
  }

 private:
  bool Has(absl::string_view key) const {
    return status_->ok() && object_.contains(std::string(key));
  }
  // nullptr: an error, of now or of before.
  const nlohmann::json* Find(absl::string_view key) {
    if (!status_->ok()) return nullptr;
    const auto found = object_.find(std::string(key));
    if (found != object_.end()) return &*found;
    Fail(MemberPath(path_, key), "is missing");
    return nullptr;
  }
  void Fail(absl::string_view path, absl::string_view what) {
    if (!status_->ok()) return;
    *status_ = absl::InvalidArgumentError(absl::StrCat(path.empty() ? "/" : path, ": ", what));
  }

  const nlohmann::json& object_;
  const std::string path_;
  absl::Status* const status_;
};

template <typename T>
absl::StatusOr<T> Parse(absl::string_view text) {
  DM_ASSIGN_OR_RETURN(const nlohmann::json document, ParseDocument(text));
  T value;
  absl::Status status;
  Reader(document, "", &status).Read(value);
  if (!status.ok()) return status;
  return value;
}

}  // namespace

absl::StatusOr<Ledger> ParseLedger(absl::string_view text) {
  return Parse<Ledger>(text);
}

absl::StatusOr<RemovedSegment> ParseRemoval(absl::string_view line) {
  return Parse<RemovedSegment>(line);
}

}  // namespace dns_monitor
