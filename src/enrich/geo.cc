#include "dns_monitor/enrich/geo.h"

#include <arpa/inet.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {
namespace {

struct Names {
  const char* what;
  const char* variable;
  const char* file;
};

Names NamesOf(GeoKind kind) {
  if (kind == GeoKind::kCountry) {
    return {"countries", "PACKETQ_MAXMIND_CC_DB", "GeoLite2-Country.mmdb"};
  }
  return {"AS numbers", "PACKETQ_MAXMIND_ASN_DB", "GeoLite2-ASN.mmdb"};
}

constexpr const char* kDirectoryVariable = "PACKETQ_MAXMIND_PATH";
constexpr std::array kDirectories = {"/var/lib/GeoIP", "/usr/share/GeoIP",
                                     "/usr/local/share/GeoIP"};

absl::string_view Environment(const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr ? absl::string_view() : value;
}

// A file that can be read in one of the directories, or nothing.
std::optional<std::string> FindFile(const char* name) {
  const absl::string_view first = Environment(kDirectoryVariable);
  if (!first.empty()) {
    std::string path = absl::StrCat(first, "/", name);
    if (access(path.c_str(), R_OK) == 0) return path;
  }
  for (const char* directory : kDirectories) {
    std::string path = absl::StrCat(directory, "/", name);
    if (access(path.c_str(), R_OK) == 0) return path;
  }
  return std::nullopt;
}

union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

std::optional<SocketAddress> ParseAddress(absl::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> copy;  // inet_pton wants a NUL
  if (text.size() >= copy.size()) return std::nullopt;
  *std::copy(text.begin(), text.end(), copy.begin()) = '\0';
  SocketAddress address{};
  if (inet_pton(AF_INET, copy.data(), &address.v4.sin_addr) == 1) {
    address.v4.sin_family = AF_INET;
    return address;
  }
  if (inet_pton(AF_INET6, copy.data(), &address.v6.sin6_addr) == 1) {
    address.v6.sin6_family = AF_INET6;
    return address;
  }
  return std::nullopt;
}

// The value that `path` leads to in the record of this address, when it has that type.
std::optional<MMDB_entry_data_s> Find(const MMDB_s* database, absl::string_view text,
                                      const char* const* path, uint32_t type) {
  const std::optional<SocketAddress> address = ParseAddress(text);
  if (!address) return std::nullopt;
  int error = MMDB_SUCCESS;
  MMDB_lookup_result_s found = MMDB_lookup_sockaddr(database, &address->any, &error);
  if (error != MMDB_SUCCESS || !found.found_entry) return std::nullopt;
  MMDB_entry_data_s data{};
  if (MMDB_aget_value(&found.entry, &data, path) != MMDB_SUCCESS) return std::nullopt;
  if (!data.has_data || data.type != type) return std::nullopt;
  return data;
}

// Queries may look into it until the process ends, so nobody closes it.
template <GeoKind kind>
absl::StatusOr<const GeoDatabase*> Usual() {
  static const auto* const database = new absl::StatusOr<GeoDatabase>(OpenUsualGeoDatabase(kind));
  if (!database->ok()) return database->status();
  return &**database;
}

}  // namespace

void GeoDatabase::Close::operator()(MMDB_s* database) const {
  MMDB_close(database);
  delete database;
}

GeoDatabase::GeoDatabase(std::unique_ptr<MMDB_s, Close> database)
    : database_(std::move(database)) {}
GeoDatabase::~GeoDatabase() = default;
GeoDatabase::GeoDatabase(GeoDatabase&&) noexcept = default;
GeoDatabase& GeoDatabase::operator=(GeoDatabase&&) noexcept = default;

absl::StatusOr<GeoDatabase> GeoDatabase::Open(const std::string& path) {
  // Only an open database may be closed.
  auto database = std::make_unique<MMDB_s>();
  errno = 0;
  const int error = MMDB_open(path.c_str(), MMDB_MODE_MMAP, database.get());
  if (error == MMDB_SUCCESS) {
    return GeoDatabase(std::unique_ptr<MMDB_s, Close>(database.release()));
  }
  if ((error == MMDB_FILE_OPEN_ERROR || error == MMDB_IO_ERROR) && errno != 0) {
    return ErrnoError(path);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(path, " is no MaxMind database: ", MMDB_strerror(error)));
}

absl::string_view GeoDatabase::CountryCode(absl::string_view address) const {
  static constexpr const char* kPath[] = {"country", "iso_code", nullptr};
  const auto data = Find(database_.get(), address, kPath, MMDB_DATA_TYPE_UTF8_STRING);
  return data ? absl::string_view(data->utf8_string, data->data_size) : absl::string_view();
}

int64_t GeoDatabase::AsNumber(absl::string_view address) const {
  static constexpr const char* kPath[] = {"autonomous_system_number", nullptr};
  const auto data = Find(database_.get(), address, kPath, MMDB_DATA_TYPE_UINT32);
  return data ? int64_t{data->uint32} : -1;
}

absl::StatusOr<GeoDatabase> OpenUsualGeoDatabase(GeoKind kind) {
  const Names names = NamesOf(kind);
  const absl::string_view named = Environment(names.variable);
  if (!named.empty()) {
    auto database = GeoDatabase::Open(std::string(named));
    if (database.ok()) return database;
    return absl::Status(database.status().code(),
                        absl::StrCat(names.variable, ": ", database.status().message()));
  }
  const std::optional<std::string> path = FindFile(names.file);
  if (path) return GeoDatabase::Open(*path);
  return absl::NotFoundError(absl::StrCat("no database of ", names.what, ": name one in ",
                                          names.variable, ", or the directory of ", names.file,
                                          " in ", kDirectoryVariable));
}

absl::StatusOr<const GeoDatabase*> UsualGeoDatabase(GeoKind kind) {
  return kind == GeoKind::kCountry ? Usual<GeoKind::kCountry>() : Usual<GeoKind::kAsNumber>();
}

}  // namespace dns_monitor
