#include "json_document.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace dns_monitor {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostLevels = 32;

// Builds the document as the library's own builder does, which takes the last of equal keys.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return Add(nullptr); }
  bool boolean(bool value) override { return Add(value); }
  bool number_integer(number_integer_t value) override { return Add(value); }
  bool number_unsigned(number_unsigned_t value) override { return Add(value); }
  bool number_float(number_float_t value, const string_t&) override { return Add(value); }
  bool string(string_t& value) override { return Add(std::move(value)); }
  bool binary(binary_t&) override { return Fail("no JSON"); }
  bool start_object(size_t) override { return Enter(Json::object()); }
  bool start_array(size_t) override { return Enter(Json::array()); }
  bool end_object() override { return Leave(); }
  bool end_array() override { return Leave(); }
  bool key(string_t& value) override;
  bool parse_error(size_t position, const std::string& token,
                   const nlohmann::detail::exception& error) override;

  Json TakeRoot() { return std::move(root_); }
  const absl::Status& status() const { return status_; }

 private:
  // An array or object that is not complete.
  struct Level {
    Json* container;
    std::string key;  // of its newest member
  };

  Json* Place(Json value);
  bool Add(Json value) {
    Place(std::move(value));
    return true;
  }
  bool Enter(Json container);
  bool Leave() {
    levels_.pop_back();
    return true;
  }
  bool Fail(absl::string_view what);

  Json root_;
  // A container moves when the one around it grows, which it does only after this one is complete.
  std::vector<Level> levels_;
  absl::Status status_;
};

Json* Builder::Place(Json value) {
  if (levels_.empty()) return &(root_ = std::move(value));
  const Level& level = levels_.back();
  if (!level.container->is_array()) {
    return &((*level.container)[level.key] = std::move(value));
  }
  level.container->push_back(std::move(value));
  return &level.container->back();
}

bool Builder::Enter(Json container) {
  levels_.push_back({Place(std::move(container)), {}});
  return levels_.size() <= kMostLevels || Fail(absl::StrCat("more than ", kMostLevels, " levels"));
}

bool Builder::key(string_t& value) {
  Level& level = levels_.back();
  level.key = std::move(value);
  return !level.container->contains(level.key) || Fail("stands twice");
}

bool Builder::Fail(absl::string_view what) {
  std::string path;
  for (const Level& level : levels_) {
    if (level.container->empty()) break;  // the innermost: nothing in it is named yet
    if (level.container->is_object()) {
      path = MemberPath(path, level.key);
    } else {
      absl::StrAppend(&path, "/", level.container->size() - 1);
    }
  }
  status_ = absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
  return false;
}

bool Builder::parse_error(size_t, const std::string&, const nlohmann::detail::exception& error) {
  // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while …"
  absl::string_view what = error.what();
  const size_t place = what.find("line ");
  if (place != absl::string_view::npos) what.remove_prefix(place);
  // It quotes the text.
  constexpr size_t kMostBytes = 200;
  status_ = absl::InvalidArgumentError(what.substr(0, kMostBytes));
  return false;
}

}  // namespace

std::string MemberPath(absl::string_view path, absl::string_view key) {
  return absl::StrCat(path, "/", absl::StrReplaceAll(key, {{"~", "~0"}, {"/", "~1"}}));
}

absl::StatusOr<nlohmann::json> ParseDocument(absl::string_view text) {
  Builder builder;
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) return builder.status();
  return builder.TakeRoot();
}

}  // namespace dns_monitor
