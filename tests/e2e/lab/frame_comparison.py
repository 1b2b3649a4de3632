"""Holds `packets` and `icmp` against what tshark makes of each frame by itself."""
from .comparison import Comparison, Pair
from .differences import Difference
from .packets import DESTINATION
from .query import rows
from .tshark_frames import read_frames

_OF_PACKETS = ("time_ns", "frame_len", "captured_len", "vlan", "ether_type", "src_addr", "dst_addr",
               "protocol", "src_port", "dst_port", "payload_len", "reason")
_OF_ICMP = ("time_ns", "ether_type", "src_addr", "dst_addr", "protocol", "ip_ttl", "ip_version",
            "type", "code", "echo_identifier", "echo_sequence", "du_protocol", "du_src_addr",
            "du_dst_addr")


FRAME_DIFFERENCES = {
    "quoted headers that are cut": Difference(
        "tshark shows those fields that are there; we show none of a header that is not whole, and "
        "of an extension header not what follows it.",
        lambda pair, field, ours, theirs: field.startswith("du_") and (
            ours in (0, "") and pair.theirs["du_dst_addr"] is None
            or (field, ours) == ("du_protocol", DESTINATION))),
    "headers that are clipped": Difference(
        "tshark shows those fields that are there, and names the layer by the one before it; we "
        "show none of a header that is clipped, nor what would be behind it.",
        lambda pair, field, ours, theirs: (ours in (None, 0, "truncated") or field == "protocol")
        and pair.ours.get("reason") == "truncated"
        and pair.ours["captured_len"] < pair.ours["frame_len"]),
}


class FrameComparison(Comparison):

    def compare_frames(self, path):
        """Returns our rows: packets, icmp."""
        frames = read_frames(path)
        options = ("--threads", "1")
        of_packets = rows("select epoch_ns(time) as time_ns, * exclude (time) from packets", path,
                          options=options)
        self.compare_rows(of_packets, frames, _OF_PACKETS)
        of_icmp = rows("select s * 1000000000 + us * 1000 as time_ns, * from icmp order by id",
                       path)
        theirs = [{**frame, **frame["icmp"], "time_ns": frame["time_ns"] // 1000 * 1000}
                  for frame in frames if frame["icmp"] is not None and not frame["fragment"]
                  and frame["icmp"]["checksum"] is not None]  # else we have no row of it
        self.compare_rows(of_icmp, theirs, _OF_ICMP)
        return of_packets, of_icmp

    def compare_rows(self, ours, theirs, names):
        def differing(pair):
            for name in names:
                if pair.ours[name] != pair.theirs[name]:
                    yield name, pair.ours[name], pair.theirs[name]
        self.assertEqual(len(ours), len(theirs))
        self.explain(list(map(Pair, ours, theirs)), differing, FRAME_DIFFERENCES)
