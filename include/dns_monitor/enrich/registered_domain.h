// The part of a name that somebody has registered, by the Public Suffix List.
#pragma once

#include "absl/strings/string_view.h"

namespace dns_monitor {

// The public suffix of `name` and the label before it (https://publicsuffix.org/list/):
// example.co.uk. of www.EXAMPLE.co.uk. . `name` is in presentation form, with the final dot or
// without, which the result keeps; an escaped dot (RFC 4343, 2.1) ends no label. A name below no
// suffix of the list has its last label as suffix.
//
// A name that is a suffix itself (com., co.uk.) or the root is its own result: nothing that was
// asked for gets lost in sums. So does what is longer than a name can be.
//
// In lower case. The result points into `name`, or to memory of the calling thread that holds until
// its next call. The list is the newer one of Debian's file and of that in libpsl, read once, when
// it is first needed. Any thread.
absl::string_view RegisteredDomain(absl::string_view name);

}  // namespace dns_monitor
