#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/system_disk.h"
#include "dns_monitor/verify/verify.h"
#include "listing.h"
#include "pcap_walk.h"

namespace dns_monitor {
namespace {

// What is to be checked of one directory.
struct Place {
  std::string prefix;             // of its files' paths: "", "/var/lib/dns/"
  std::string directory;          // as it was given; "." without any
  std::vector<std::string> only;  // file names; none: all
};

std::string WithSlash(const std::string& directory) {
  return absl::EndsWith(directory, "/") ? directory : absl::StrCat(directory, "/");
}

// A directory that is named whole holds the files in it that are named beside it.
void AddPlace(Place place, std::vector<Place>* places) {
  const auto known = std::find_if(places->begin(), places->end(),
                                  [&](const Place& other) { return other.prefix == place.prefix; });
  if (known == places->end()) {
    places->push_back(std::move(place));
  } else if (known->only.empty() || place.only.empty()) {
    known->only.clear();
  } else {
    known->only.push_back(std::move(place.only[0]));
  }
}

class PathsCheck {
 public:
  PathsCheck(const VerifyOptions& options, const FindingSink& tell)
      : options_(options), tell_(tell) {}

  VerifyTotals Run(const std::vector<std::string>& paths) {
    std::vector<Place> places;
    for (const std::string& path : paths) Sort(path, &places);
    for (const Place& place : places) Check(place);
    return totals_;
  }

 private:
  void TellProblem(const std::string& path, FindingKind kind, const std::string& message) {
    ++totals_.problems;
    tell_({path, kind, message});
  }
  // Into `places`, or tells why not.
  void Sort(const std::string& path, std::vector<Place>* places);
  void Check(const Place& place);

  const VerifyOptions& options_;
  const FindingSink& tell_;
  VerifyTotals totals_;
};

void PathsCheck::Sort(const std::string& path, std::vector<Place>* places) {
  struct stat info {};
  const bool there = stat(path.c_str(), &info) == 0;
  if (there && S_ISDIR(info.st_mode)) {
    return AddPlace({.prefix = WithSlash(path), .directory = path, .only = {}}, places);
  }
  const absl::Status status = there ? absl::OkStatus() : ErrnoError(path);
  const size_t name = path.rfind('/') + 1;  // npos + 1: 0
  const std::string prefix = path.substr(0, name);
  Place place{.prefix = prefix,
              .directory = prefix.empty() ? std::string(".") : prefix,
              .only = {path.substr(name)}};
  if (BelongsToSegment(place.only[0])) {
    AddPlace(std::move(place), places);
  } else if (there) {
    TellProblem(path, FindingKind::kNotASegment,
                "has no segment's name, as IF.YYYYmmdd_HHMM.pcap is");
  } else {
    TellProblem(path, FindingKind::kUnreadable, absl::StrCat("cannot be read: ", Reason(status)));
  }
}

void PathsCheck::Check(const Place& place) {
  const auto disk = OpenSystemDisk(place.directory, DirectoryUse::kReadOnly);
  if (!disk.ok()) {
    return TellProblem(place.directory, FindingKind::kUnreadable,
                       absl::StrCat("cannot be read: ", Reason(disk.status())));
  }
  totals_.Add(VerifyDirectory(**disk, place.only, options_, [&](const Finding& finding) {
    Finding told = finding;
    told.file = told.file.empty() ? place.directory : absl::StrCat(place.prefix, told.file);
    tell_(told);
  }));
}

}  // namespace

VerifyTotals VerifyPaths(const std::vector<std::string>& paths, const VerifyOptions& options,
                         const FindingSink& tell) {
  return PathsCheck(options, tell).Run(paths);
}

}  // namespace dns_monitor
