// Follows an interface through going down, up, away, being renamed and being made anew.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "dns_monitor/base/clock.h"
#include "dns_monitor/ledger/gap_log.h"
#include "dns_monitor/tap/interface.h"
#include "dns_monitor/tap/tap.h"
#include "link_events.h"

namespace dns_monitor {

// Level-based: whatever rtnetlink said, or dropped, the interface is looked up by its name again
// and compared with what the tap is bound to. One thread.
class LinkWatch {
 public:
  // All outlive this; `tap` is bound to `interface`. While the interface is down or gone, `gaps`
  // says so. `on_rebound` is called when the tap has been bound again.
  static absl::StatusOr<std::unique_ptr<LinkWatch>> Create(const Interface& interface, Tap* tap,
                                                           const Clock* clock, GapLog* gaps,
                                                           std::function<void()> on_rebound);

  // Readable when a link of this namespace changed.
  int fd() const { return events_.fd(); }
  void OnReadable();
  // Binds the tap again when the interface has been made anew, and logs each change.
  void Look();
  // Binding failed: nothing will become readable for that, so Look must be called again.
  bool unsettled() const { return unsettled_; }

 private:
  enum class State { kThere, kGone, kRenamed, kFailed };

  LinkWatch(const Interface& interface, Tap* tap, const Clock* clock, GapLog* gaps,
            std::function<void()> on_rebound)
      : known_(interface),
        tap_(tap),
        clock_(clock),
        gaps_(gaps),
        on_rebound_(std::move(on_rebound)) {}
  // Notes whether the interface, which is there, is up.
  void NoteState(bool up);
  void OnGone();
  void OnRenamed(int index);
  void OnReturned(const Interface& found);
  void OnSameLink(const Interface& found);

  Interface known_;  // as the tap was bound to it last
  State state_ = State::kThere;
  int refused_index_ = 0;  // has another link type, which was said
  bool unsettled_ = false;
  Tap* const tap_;
  const Clock* const clock_;
  GapLog* const gaps_;
  const std::function<void()> on_rebound_;
  LinkEvents events_;
};

}  // namespace dns_monitor
