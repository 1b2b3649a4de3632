#include "link_watch.h"

#include <utility>

#include "dns_monitor/base/log.h"
#include "dns_monitor/base/status.h"

namespace dns_monitor {

absl::StatusOr<std::unique_ptr<LinkWatch>> LinkWatch::Create(const Interface& interface, Tap* tap,
                                                             const Clock* clock, GapLog* gaps,
                                                             std::function<void()> on_rebound) {
  std::unique_ptr<LinkWatch> watch(
      new LinkWatch(interface, tap, clock, gaps, std::move(on_rebound)));
  DM_ASSIGN_OR_RETURN(watch->events_, LinkEvents::Subscribe());
  watch->NoteState(interface.up);
  return watch;
}

void LinkWatch::OnReadable() {
  events_.Clear();
  Look();
}

void LinkWatch::Look() {
  const int bound = tap_->BoundIndex();
  const absl::StatusOr<Interface> found = FindInterface(known_.name);
  // Whoever cannot be asked just now (no descriptor, no memory) is asked again.
  unsettled_ = !found.ok() && !absl::IsNotFound(found.status());
  if (unsettled_) return;
  if (!found.ok()) {
    if (bound > 0) {
      OnRenamed(bound);
    } else {
      OnGone();
    }
  } else if (found->index != bound) {
    OnReturned(*found);
  } else {
    OnSameLink(*found);
  }
}

void LinkWatch::NoteState(bool up) {
  const int64_t now_ns = clock_->RealtimeNs();
  gaps_->End(GapReason::kInterfaceGone, now_ns);
  if (up) {
    gaps_->End(GapReason::kInterfaceDown, now_ns);
  } else {
    gaps_->Begin(GapReason::kInterfaceDown, now_ns);
  }
}

void LinkWatch::OnGone() {
  if (std::exchange(state_, State::kGone) == State::kGone) return;
  tap_->Unhook();
  const int64_t now_ns = clock_->RealtimeNs();
  gaps_->End(GapReason::kInterfaceDown, now_ns);
  gaps_->Begin(GapReason::kInterfaceGone, now_ns);
  LogWarning("interface ", known_.name, " is gone; waiting for its return");
}

void LinkWatch::OnRenamed(int index) {
  if (std::exchange(state_, State::kRenamed) == State::kRenamed) return;
  LogWarning("interface ", known_.name, " has another name now (index ", index,
             "); it is captured until there is a new ", known_.name);
}

void LinkWatch::OnReturned(const Interface& found) {
  const absl::StatusOr<LinkType> was = LinkTypeOf(known_);
  const absl::StatusOr<LinkType> is = LinkTypeOf(found);
  if (!is.ok() || *was != *is) {
    if (std::exchange(refused_index_, found.index) == found.index) return;
    state_ = State::kGone;
    LogError("interface ", known_.name, " came back with another link type: not captured");
    return;
  }
  const absl::Status bound = tap_->Rebind(found.index);
  if (!bound.ok()) {
    unsettled_ = true;
    if (std::exchange(state_, State::kFailed) == State::kFailed) return;
    LogError("interface ", known_.name, " is there again, but: ", bound.message(),
             "; trying again");
    return;
  }
  on_rebound_();
  NoteState(found.up);
  LogInfo("interface ", known_.name, " is there again: capturing");
  state_ = State::kThere;
  refused_index_ = 0;
  known_ = found;
}

void LinkWatch::OnSameLink(const Interface& found) {
  if (std::exchange(state_, State::kThere) == State::kRenamed) {
    LogInfo("interface ", known_.name, " has its name again");
  }
  if (found.up != known_.up) NoteState(found.up);
  if (found.up && !known_.up) LogInfo("interface ", known_.name, " is up");
  if (!found.up && known_.up) LogWarning("interface ", known_.name, " is down");
  known_ = found;
}

}  // namespace dns_monitor
