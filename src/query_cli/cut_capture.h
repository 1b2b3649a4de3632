// A mapped capture that somebody cuts has pages no more.
#pragma once

namespace dns_monitor {

// From now on the process says which file was cut, removes its leftovers, and ends.
void EndWhereACaptureIsCut();

}  // namespace dns_monitor
