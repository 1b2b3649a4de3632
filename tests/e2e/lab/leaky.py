"""A capture of a machine that tells much: something for each section of `report leaks`."""
from .frames import Frames
from .messages import A, ANSWER, NS, PTR, QR, RA, RD, Message, labels, subnet
from .packets import ipv4, tcp, udp

START = 1767225600  # 2026-01-01T00:00:00Z
NOERROR, NXDOMAIN = 0, 3
HERE, OTHER, ROUTER, FOREIGN = "192.168.1.10", "192.168.1.11", "192.168.1.1", "8.8.8.8"


class LeakyCapture(Frames):

    def __init__(self):
        super().__init__(START)
        self._number = 0

    def ask(self, seconds, name, kind=A, rcode=NOERROR, client=HERE, server=ROUTER, network=None):
        """A query, and 5 ms later its response; none when rcode is None."""
        self._number += 1
        port = 20000 + self._number % 40000
        name = labels(name)
        query = Message(self._number).question(name, kind)
        if network:
            query.opt([subnet(*network)])
        self.frame(seconds, ipv4(udp(query.bytes(), port, 53), source=client, destination=server))
        if rcode is None:
            return
        response = Message(self._number, QR | RD | RA, rcode=rcode).question(name, kind)
        if rcode == NOERROR and kind == A:
            response.record(ANSWER, name, A, 60, bytes([192, 0, 2, 80]))
        self.frame(seconds + 0.005,
                   ipv4(udp(response.bytes(), 53, port), source=server, destination=client))


def leaky_capture():
    capture = LeakyCapture()
    # Ordinary names, of three registered domains.
    for seconds in (1, 50, 81, 190, 333):
        capture.ask(seconds, "www.example.com")
    for seconds in (2, 3):
        capture.ask(seconds, "mail.example.org")
    capture.ask(4, "shop.example.co.uk", client=OTHER)
    capture.ask(5, "www.example.com", client=OTHER)
    # Private names. That com. exists is no secret.
    for seconds in (10, 11):
        capture.ask(seconds, "nas.lan", rcode=NXDOMAIN)
    capture.ask(12, "printer.local", rcode=NXDOMAIN)
    capture.ask(13, "Wpad.Home.Arpa", rcode=NXDOMAIN)
    for seconds in (14, 15, 16):
        capture.ask(seconds, "printer", rcode=NXDOMAIN)
    capture.ask(17, "com", kind=NS)
    # Reverse look-ups: two private addresses, and one that is not.
    for seconds in (20, 21, 22):
        capture.ask(seconds, "5.1.168.192.in-addr.arpa", kind=PTR, rcode=NXDOMAIN)
    capture.ask(23, "1." + "0." * 29 + "d.f.ip6.arpa", kind=PTR, rcode=None)
    capture.ask(24, "8.8.8.8.in-addr.arpa", kind=PTR)
    # The client's subnet, and the wish that it is kept back.
    capture.ask(30, "www.example.com", server=FOREIGN, network=("203.0.113.0", 24))
    capture.ask(31, "mail.example.org", server=FOREIGN, network=("0.0.0.0", 0))
    # A search list.
    for seconds in (40, 41):
        capture.ask(seconds, "www.example.com.corp.test", rcode=NXDOMAIN)
    capture.ask(42, "mail.example.org.corp.test", rcode=NXDOMAIN)
    capture.ask(43, "absent.example.org", rcode=NXDOMAIN)
    # A rhythm, in pairs as stub resolvers ask; one with a pause; and what is none.
    for beat in range(10):
        capture.ask(100 + 60 * beat + (beat % 3) * 0.4, "beat.vendor.example")
        capture.ask(100.001 + 60 * beat + (beat % 3) * 0.4, "beat.vendor.example", kind=28)
    for beat in (0, 1, 2, 3, 4, 5, 40, 41, 42):
        capture.ask(110 + 10 * beat, "paused.vendor.example", client=OTHER)
    for seconds in (101, 109, 140, 141, 205, 300, 420, 431):
        capture.ask(seconds, "uneven.example.net")
    for beat in range(10):
        capture.ask(500 + beat * 2, "quick.example.net")
    for beat in range(5):
        capture.ask(520 + beat * 20, "few.example.net")
    # A name that is markup.
    capture.ask(600, "<script>alert(1)</script>.example.net")
    # A connection to port 853, and two questions to the neighbourhood.
    capture.frame(610, ipv4(tcp(b"\x16\x03\x01", 50000, 853), 6, HERE, "9.9.9.9"))
    for seconds in (611, 612):
        question = Message(0).question(labels("printer.local"), A).bytes()
        capture.frame(seconds, ipv4(udp(question, 5353, 5353), source=HERE,
                                    destination="224.0.0.251"))
    return capture
