// Where addresses are, by databases in MaxMind's format (https://maxmind.github.io/MaxMind-DB/).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct MMDB_s;

namespace dns_monitor {

// One file, mapped. Any number of threads at the same time.
class GeoDatabase {
 public:
  // Fails as open(2) does; InvalidArgument for a file of another format.
  static absl::StatusOr<GeoDatabase> Open(const std::string& path);
  ~GeoDatabase();
  GeoDatabase(GeoDatabase&&) noexcept;
  GeoDatabase& operator=(GeoDatabase&&) noexcept;

  // ISO 3166-1 code of two letters (country.iso_code). Empty for addresses that the database does
  // not have, and for what is no address. Points into the mapping.
  absl::string_view CountryCode(absl::string_view address) const;
  // (autonomous_system_number.) -1 in those cases.
  int64_t AsNumber(absl::string_view address) const;

 private:
  struct Close {
    void operator()(MMDB_s* database) const;
  };

  explicit GeoDatabase(std::unique_ptr<MMDB_s, Close> database);

  std::unique_ptr<MMDB_s, Close> database_;
};

enum class GeoKind { kCountry, kAsNumber };

// The database that PacketQ's environment names: the file PACKETQ_MAXMIND_CC_DB or
// PACKETQ_MAXMIND_ASN_DB, else GeoLite2-Country.mmdb or GeoLite2-ASN.mmdb in PACKETQ_MAXMIND_PATH,
// or where packages put them (/var/lib/GeoIP, /usr/share/GeoIP, /usr/local/share/GeoIP). Opened by
// the first call, for good; all later ones return the same. NotFound, with the variables' names,
// when there is none. Any thread.
absl::StatusOr<const GeoDatabase*> UsualGeoDatabase(GeoKind kind);

// As UsualGeoDatabase, opened now.
absl::StatusOr<GeoDatabase> OpenUsualGeoDatabase(GeoKind kind);

}  // namespace dns_monitor
