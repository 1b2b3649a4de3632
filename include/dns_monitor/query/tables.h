// All tables that can be asked.
#pragma once

#include <memory>
#include <vector>

#include "dns_monitor/query/table.h"

namespace dns_monitor {

std::unique_ptr<Table> MakeDnsTable();
std::unique_ptr<Table> MakeMessagesTable();
std::unique_ptr<Table> MakeIcmpTable();
std::unique_ptr<Table> MakePacketsTable();
std::unique_ptr<Table> MakeTransactionsTable();
std::unique_ptr<Table> MakeSegmentsTable();
std::unique_ptr<Table> MakeGapsTable();

// In the order in which they are described. Lives for ever.
const std::vector<std::unique_ptr<Table>>& AllTables();

}  // namespace dns_monitor
