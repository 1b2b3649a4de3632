#include "dns_monitor/sandbox/sandbox.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"
#include "dns_monitor/base/thread.h"
#include "landlock.h"
#include "profile.h"

namespace dns_monitor {
namespace {

// Made by the main thread, while it may still open files; read by each thread as it starts.
struct Sandbox {
  std::map<std::string, std::vector<sock_filter>> profiles;  // by kind of thread
  std::optional<Fd> everybody;                               // what the process can reach
  std::optional<Fd> all_but_retention;                       // where that is less
};

Sandbox& State() {
  static auto* sandbox = new Sandbox;  // never destroyed: threads may start until the very end
  return *sandbox;
}

absl::Status Confine(const std::string& kind) {
  const Sandbox& sandbox = State();
  if (sandbox.all_but_retention && kind != "retention") {
    DM_RETURN_IF_ERROR(Enforce(*sandbox.all_but_retention));
  }
  const auto profile = sandbox.profiles.find(kind);
  if (profile != sandbox.profiles.end()) return Install(profile->second);
  return absl::InternalError("a thread without a list of system calls");
}

// The log may be what starts just now.
void ConfineOrDie(const char* kind) {
  const absl::Status confined = Confine(kind);
  if (confined.ok()) return;
  std::fprintf(stderr, "dns-monitor: cannot confine the thread '%s': %s\n", kind,
               std::string(confined.message()).c_str());
  std::abort();
}

absl::Status MakeRulesets(const SandboxOptions& options, Sandbox* sandbox) {
  std::vector<ReachRule> rules;
  if (!options.directory.empty()) rules.push_back({options.directory, Reach::kWriteFiles});
  absl::StatusOr<Fd> own = MakeRuleset(rules);
  if (absl::IsUnimplemented(own.status())) {
    LogWarning("this kernel cannot keep the capture to its directory (", own.status().message(),
               "); the rest of the sandbox holds");
    return absl::OkStatus();
  }
  DM_RETURN_IF_ERROR(own.status());
  if (options.registry.empty() || options.directory.empty()) {
    sandbox->everybody = *std::move(own);
    return absl::OkStatus();
  }
  sandbox->all_but_retention = *std::move(own);
  rules.push_back({options.registry, Reach::kReadFiles});
  rules.push_back({MountPointOf(options.directory), Reach::kDeleteFiles});
  DM_ASSIGN_OR_RETURN(sandbox->everybody, MakeRuleset(rules));
  return absl::OkStatus();
}

}  // namespace

absl::Status EnterSandbox(const Privileges& privileges, const SandboxOptions& options) {
  Sandbox& sandbox = State();
  for (const absl::string_view kind : kThreadKinds) {
    DM_ASSIGN_OR_RETURN(sandbox.profiles[std::string(kind)],
                        CompileProfile(kind, options.attaches));
  }
  DM_RETURN_IF_ERROR(MakeRulesets(options, &sandbox));
  DM_RETURN_IF_ERROR(privileges.Drop());
  if (sandbox.everybody) DM_RETURN_IF_ERROR(Enforce(*sandbox.everybody));
  SetThreadHook(ConfineOrDie);
  return absl::OkStatus();
}

absl::Status ConfineMainThread() {
  return Confine("main");
}

}  // namespace dns_monitor
