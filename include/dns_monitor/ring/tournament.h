// Whose turn it is among lanes that are each in order.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace dns_monitor {

// A tree of losers: each node keeps who lost there, so the winner's next time meets one entry a
// level, on a way that depends on the winner alone. Nothing branches on who is older: where lanes
// take turns at random that is a wrong guess at every other packet, which costs as much as copying
// it.
class Tournament {
 public:
  static constexpr uint64_t kOut = ~uint64_t{0};  // the time of who has nothing more

  struct Entry {
    uint64_t time_ns;
    uint64_t seat;
  };

  explicit Tournament(size_t most_seats)
      : loser_times_(std::bit_ceil(most_seats)),
        loser_seats_(std::bit_ceil(most_seats)),
        winners_(2 * std::bit_ceil(most_seats)) {}

  // Begins with `count` seats, at least one: Set gives each its time, Play finds the first winner.
  void Begin(size_t count) {
    size_ = std::bit_ceil(count);
    std::fill_n(winners_.begin() + static_cast<ptrdiff_t>(size_), size_, Entry{kOut, 0});
  }
  void Set(size_t seat, uint64_t time_ns) { winners_[size_ + seat] = {time_ns, seat}; }
  void Play() {
    for (size_t node = size_ - 1; node > 0; --node) {
      Entry winner = winners_[2 * node];
      Entry loser = winners_[2 * node + 1];
      if (loser.time_ns < winner.time_ns) std::swap(winner, loser);
      winners_[node] = winner;
      loser_times_[node] = loser.time_ns;
      loser_seats_[node] = loser.seat;
    }
    winner_ = winners_[1];
  }

  // The oldest; kOut when all are out.
  const Entry& winner() const { return winner_; }
  // The oldest time of all the others.
  uint64_t RunnerUpNs() const {
    uint64_t oldest_ns = kOut;
    for (size_t node = (size_ + winner_.seat) / 2; node > 0; node /= 2) {
      oldest_ns = std::min(oldest_ns, loser_times_[node]);
    }
    return oldest_ns;
  }
  // Gives the winner its next time. It stays the winner among equals.
  void Replay(uint64_t time_ns) {
    uint64_t seat = winner_.seat;
    // Two arrays and not one of entries: the compiler would move those through vector registers, at
    // twice the time. Masks and not "?:" or std::min: it makes branches of these.
    uint64_t* const loser_times = loser_times_.data();
    uint64_t* const loser_seats = loser_seats_.data();
    for (size_t node = (size_ + seat) / 2; node > 0; node /= 2) {
      const uint64_t other_ns = loser_times[node];
      const uint64_t other_seat = loser_seats[node];
      const uint64_t if_older = -static_cast<uint64_t>(other_ns < time_ns);
      const uint64_t time_change = (time_ns ^ other_ns) & if_older;
      const uint64_t seat_change = (seat ^ other_seat) & if_older;
      loser_times[node] = other_ns ^ time_change;
      loser_seats[node] = other_seat ^ seat_change;
      time_ns ^= time_change;
      seat ^= seat_change;
    }
    winner_ = {time_ns, seat};
  }

 private:
  // Node 1 is the final, and those of node n are 2n and 2n + 1; seat s begins at size_ + s.
  size_t size_ = 0;  // seats, rounded up to a power of two
  Entry winner_{kOut, 0};
  std::vector<uint64_t> loser_times_;
  std::vector<uint64_t> loser_seats_;
  std::vector<Entry> winners_;  // while the first round is played
};

}  // namespace dns_monitor
