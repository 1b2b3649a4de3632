// How single values of a ledger stand in JSON: one struct a kind, for both directions.
//
//     Write(value)       the JSON value
//     Read(json, &value) false unless the JSON value is of this kind, and exactly what Write writes
//     Wanted(value)      what Read expects, for a message: "must be …"
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "dns_monitor/ledger/ledger.h"

namespace dns_monitor {

// A number that is never negative, of any integral type.
struct AsCount {
  template <std::integral T>
  static nlohmann::json Write(T value) {
    return value < 0 ? nlohmann::json(static_cast<int64_t>(value))
                     : nlohmann::json(static_cast<uint64_t>(value));
  }
  template <std::integral T>
  static bool Read(const nlohmann::json& json, T* value) {
    // What does not fit 64 bits has become a floating-point number.
    if (!json.is_number_unsigned()) return false;
    const auto number = json.get<uint64_t>();
    if (number > static_cast<uint64_t>(std::numeric_limits<T>::max())) return false;
    *value = static_cast<T>(number);
    return true;
  }
  template <std::integral T>
  static std::string Wanted(T) {
    return absl::StrCat("an integer from 0 to ", std::numeric_limits<T>::max());
  }
};

struct AsSigned {
  static nlohmann::json Write(int64_t value) { return value; }
  static bool Read(const nlohmann::json& json, int64_t* value);
  static std::string Wanted(int64_t) { return "an integer of 64 bits"; }
};

struct AsFlag {
  static nlohmann::json Write(bool value) { return value; }
  static bool Read(const nlohmann::json& json, bool* value);
  static std::string Wanted(bool) { return "true or false"; }
};

struct AsText {
  static nlohmann::json Write(const std::string& value) { return value; }
  static bool Read(const nlohmann::json& json, std::string* value);
  static std::string Wanted(const std::string&) { return "a string of UTF-8"; }
};

// Of a file in the ledger's own directory: nobody is led out of it.
struct AsFileName {
  static nlohmann::json Write(const std::string& value) { return value; }
  static bool Read(const nlohmann::json& json, std::string* value);
  static std::string Wanted(const std::string&) { return "the name of a file, without a path"; }
};

// Nanoseconds since 1970 as "2026-11-25T03:20:39.123456789Z".
struct AsTime {
  static nlohmann::json Write(int64_t value);
  static bool Read(const nlohmann::json& json, int64_t* value);
  static std::string Wanted(int64_t) {
    return "a time in UTC with nine decimals, from 1677-09-21T00:12:43.145224192Z "
           "to 2262-04-11T23:47:16.854775807Z";
  }
};

// A checksum, from its highest digit on.
struct AsHex64 {
  static nlohmann::json Write(uint64_t value);
  static bool Read(const nlohmann::json& json, uint64_t* value);
  static std::string Wanted(uint64_t) { return "16 hexadecimal digits in lower case"; }
};

struct AsSha256 {
  static nlohmann::json Write(const Sha256& value);
  static bool Read(const nlohmann::json& json, Sha256* value);
  static std::string Wanted(const Sha256&) { return "64 hexadecimal digits in lower case"; }
};

struct AsPorts {
  static nlohmann::json Write(const std::vector<uint16_t>& value) { return value; }
  static bool Read(const nlohmann::json& json, std::vector<uint16_t>* value);
  static std::string Wanted(const std::vector<uint16_t>&) {
    return "a list of integers from 0 to 65535";
  }
};

// An enumerator of terms.h.
struct AsTerm {
  template <typename Enum>
  static nlohmann::json Write(Enum value) {
    return std::string(NameOf(value));
  }
  template <typename Enum>
  static bool Read(const nlohmann::json& json, Enum* value) {
    if (!json.is_string()) return false;
    const std::optional<Enum> known = ValueOf<Enum>(json.get_ref<const std::string&>());
    if (known) *value = *known;
    return known.has_value();
  }
  template <typename Enum>
  static std::string Wanted(Enum value) {
    return absl::StrCat("one of ", absl::StrJoin(NamesOf(value), ", "));
  }
};

}  // namespace dns_monitor
