// The fixture of verify's tests: a chain of three segments on a disk in memory.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dns_monitor/verify/verify.h"
#include "support/chain_maker.h"
#include "support/fake_disk.h"

namespace dns_monitor {

class VerifyTest : public testing::Test {
 protected:
  VerifyTest() { chain_.AppendMinutes(0, 2); }

  // "FILE KIND" of each finding in the files of chain_, in their order; problems or notes.
  std::vector<std::string> Check(bool problems = true) {
    FakeDisk disk;
    for (const auto& [name, content] : chain_.files) disk.AddContent(name, content);
    return CheckOn(disk, problems);
  }
  std::vector<std::string> Notes() { return Check(/*problems=*/false); }

  std::vector<std::string> CheckOn(Disk& disk, bool problems = true) {
    std::vector<std::string> told;
    messages_.clear();
    totals_ = VerifyDirectory(disk, only_, options_, [&](const Finding& finding) {
      messages_.push_back(finding.message);
      if (IsProblem(finding.kind) != problems) return;
      told.push_back(absl::StrCat(finding.file, " ", NameOf(finding.kind)));
    });
    return told;
  }

  std::string PcapName(int minute) const { return chain_.PcapName(minute); }
  std::string LedgerName(int minute) const { return chain_.LedgerName(minute); }

  ChainMaker chain_;
  VerifyOptions options_;
  std::vector<std::string> only_;
  VerifyTotals totals_;
  std::vector<std::string> messages_;  // of the last check, notes and problems
};

}  // namespace dns_monitor
