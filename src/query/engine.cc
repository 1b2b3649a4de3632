#include "dns_monitor/query/engine.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/utf8.h"
#include "dns_monitor/query/dialect.h"
#include "dns_monitor/query/functions.h"
#include "dns_monitor/query/sql_tokens.h"
#include "dns_monitor/query/tables.h"
#include "engine_error.h"

namespace dns_monitor {
namespace {

// A configuration of the engine, which is freed with it.
class Config {
 public:
  Config() { duckdb_create_config(&config_); }
  ~Config() { duckdb_destroy_config(&config_); }
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;

  absl::Status Set(const char* name, const std::string& value) {
    if (duckdb_set_config(config_, name, value.c_str()) == DuckDBSuccess) return absl::OkStatus();
    return absl::InternalError(absl::StrCat("the engine refused ", name, " = ", value));
  }
  duckdb_config get() const { return config_; }

 private:
  duckdb_config config_ = nullptr;
};

// What a terminal would act on: the statement stands in errors, and names of packets in statements.
std::string WithoutControls(std::string text) {
  for (char& c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c)) && c != '\n') c = '?';
  }
  return text;
}

absl::Status CheckUtf8(absl::string_view sql) {
  const char* const end = sql.data() + sql.size();
  for (const char* at = sql.data(); at < end;) {
    const int bytes = DecodeRune(at, end).bytes;
    if (bytes == 0) {
      const auto line = 1 + std::count(sql.data(), at, '\n');
      return absl::InvalidArgumentError(
          absl::StrFormat("the statement is not in UTF-8: line %d has a byte 0x%02x that is no "
                          "character",
                          line, static_cast<uint8_t>(*at)));
    }
    at += bytes;
  }
  return absl::OkStatus();
}

// What 'it''s' says, and $tag$it's$tag$.
std::string Unquoted(absl::string_view quoted) {
  if (absl::StartsWith(quoted, "$")) {
    const size_t tag = quoted.find('$', 1) + 1;
    return quoted.size() < 2 * tag ? "" : std::string(quoted.substr(tag, quoted.size() - 2 * tag));
  }
  if (quoted.size() < 2 || quoted.front() != '\'') return "";
  return absl::StrReplaceAll(quoted.substr(1, quoted.size() - 2), {{"''", "'"}});
}

// COPY ... TO 'a capture' would end with the capture it reads, emptied.
absl::Status CheckCopies(absl::string_view sql, const Captures& captures) {
  bool copy = false;
  const std::vector<Token> tokens = Tokenize(sql);
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    copy = (copy || tokens[i].IsWord("copy")) && !tokens[i].IsSymbol(";");
    if (!copy || !tokens[i].IsWord("to") || tokens[i + 1].kind != TokenKind::kString) continue;
    const std::string path = Unquoted(tokens[i + 1].text);
    struct stat info {};
    if (stat(path.c_str(), &info) == 0 && captures.Reads(info)) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, " is one of the captures that are asked"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(const Captures& captures,
                                                     const EngineOptions& options) {
  auto engine = std::unique_ptr<Engine>(new Engine(captures));
  DM_RETURN_IF_ERROR(engine->Configure(options));
  DM_RETURN_IF_ERROR(RegisterFunctions(engine->connection_));
  for (const auto& table : AllTables()) {
    DM_RETURN_IF_ERROR(RegisterTable(*table, captures, engine->conditions_, engine->connection_));
  }
  // Casts to times with a zone take UTC for that of times without.
  DM_RETURN_IF_ERROR(Execute("SET TimeZone = 'UTC'", engine->connection_));
  // Last: what fails before this is a fault of ours, and needs no place.
  DM_RETURN_IF_ERROR(Execute("SET errors_as_json = true", engine->connection_));
  return engine;
}

Engine::~Engine() {
  if (connection_ != nullptr) duckdb_disconnect(&connection_);
  if (database_ != nullptr) duckdb_close(&database_);
}

absl::Status Engine::Configure(const EngineOptions& options) {
  Config config;
  DM_RETURN_IF_ERROR(config.Set("threads", absl::StrCat(options.threads)));
  DM_RETURN_IF_ERROR(config.Set("memory_limit", absl::StrCat(options.memory_bytes, "B")));
  DM_RETURN_IF_ERROR(config.Set("temp_directory", options.temporary_directory));
  // A query reads what is here; it fetches nothing.
  DM_RETURN_IF_ERROR(config.Set("autoinstall_known_extensions", "false"));
  DM_RETURN_IF_ERROR(config.Set("autoload_known_extensions", "false"));
  char* error = nullptr;
  if (duckdb_open_ext(nullptr, &database_, config.get(), &error) != DuckDBSuccess) {
    absl::Status status = absl::InternalError(absl::StrCat("the engine did not start: ", error));
    duckdb_free(error);
    return status;
  }
  if (duckdb_connect(database_, &connection_) == DuckDBSuccess) return absl::OkStatus();
  return absl::InternalError("the engine did not start");
}

absl::Status Engine::Run(absl::string_view sql,
                         const std::function<absl::Status(duckdb_result*)>& on_result) {
  DM_RETURN_IF_ERROR(CheckUtf8(sql));
  DM_RETURN_IF_ERROR(CheckCopies(sql, captures_));
  const TranslatedSql translated = TranslateDialect(sql);
  duckdb_extracted_statements statements = nullptr;
  const idx_t count = duckdb_extract_statements(connection_, translated.text.c_str(), &statements);
  absl::Status status;
  if (count == 0) {
    const char* error = duckdb_extract_statements_error(statements);
    status = absl::InvalidArgumentError(error != nullptr ? error : "there is no statement");
  }
  if (count == 1 && names_are_ours_) conditions_ = FindConditions(translated.text, connection_);
  for (idx_t i = 0; i < count && status.ok() && !interrupted_; ++i) {
    status = RunStatement(statements, i, on_result);
  }
  conditions_ = {};
  duckdb_destroy_extracted(&statements);
  if (interrupted_) return absl::CancelledError("interrupted");
  if (!absl::IsInvalidArgument(status) && !absl::IsResourceExhausted(status)) return status;
  return absl::Status(status.code(),
                      WithoutControls(MarkedError(status.message(), sql, translated)));
}

absl::Status Engine::RunStatement(duckdb_extracted_statements statements, idx_t index,
                                  const std::function<absl::Status(duckdb_result*)>& on_result) {
  duckdb_prepared_statement prepared = nullptr;
  absl::Status status;
  if (duckdb_prepare_extracted_statement(connection_, statements, index, &prepared) ==
      DuckDBSuccess) {
    // EXPLAIN ANALYZE runs what it explains, also what makes a table.
    const bool selects = duckdb_prepared_statement_type(prepared) == DUCKDB_STATEMENT_TYPE_SELECT;
    names_are_ours_ = names_are_ours_ && selects;
    status = RunPrepared(prepared, on_result);
  } else {
    status = absl::InvalidArgumentError(duckdb_prepare_error(prepared));
  }
  duckdb_destroy_prepare(&prepared);
  return status;
}

absl::Status Engine::RunPrepared(duckdb_prepared_statement prepared,
                                 const std::function<absl::Status(duckdb_result*)>& on_result) {
  duckdb_pending_result pending = nullptr;
  duckdb_result result = {};
  absl::Status status;
  if (duckdb_pending_prepared_streaming(prepared, &pending) != DuckDBSuccess) {
    status = absl::InvalidArgumentError(duckdb_pending_error(pending));
  } else if (duckdb_execute_pending(pending, &result) != DuckDBSuccess) {
    status = absl::InvalidArgumentError(duckdb_result_error(&result));
  } else if (duckdb_result_return_type(result) == DUCKDB_RESULT_TYPE_QUERY_RESULT) {
    status = on_result(&result);
  }
  duckdb_destroy_result(&result);
  duckdb_destroy_pending(&pending);
  return status;
}

void Engine::EndResult() {
  duckdb_interrupt(connection_);
}

void Engine::Resume() {
  interrupted_ = false;
  captures_.Resume();
}

void Engine::Interrupt() {
  interrupted_ = true;
  captures_.Cancel();
  duckdb_interrupt(connection_);
}

}  // namespace dns_monitor
