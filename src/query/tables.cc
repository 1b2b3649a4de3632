#include "dns_monitor/query/tables.h"

namespace dns_monitor {

const std::vector<std::unique_ptr<Table>>& AllTables() {
  static const auto* const tables = [] {
    auto* all = new std::vector<std::unique_ptr<Table>>;
    all->push_back(MakeDnsTable());
    all->push_back(MakeMessagesTable());
    all->push_back(MakeTransactionsTable());
    all->push_back(MakeIcmpTable());
    all->push_back(MakePacketsTable());
    all->push_back(MakeSegmentsTable());
    all->push_back(MakeGapsTable());
    return all;
  }();
  return *tables;
}

}  // namespace dns_monitor
