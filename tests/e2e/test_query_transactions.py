"""Which response tshark finds to which query, and how long that took.

Where the two differ, lab/transactions.py says why.
"""
from lab import packets
from lab.pcap import write_packets
from lab.traffic import Traffic
from lab.transactions import PATIENCE_NS, TRANSACTION_DIFFERENCES, TransactionComparison

WHOLE = ((Traffic.questions, 60), (Traffic.others, 6), (Traffic.fragmented, 6),
         (Traffic.connection, 12), (Traffic.joined_late, 2), (Traffic.refused, 2),
         (Traffic.elsewhere, 2), (Traffic.zone_transfer, 1))


def _udp(host, message, from_client):
    return host.ip(host.udp(message, from_client), packets.UDP, from_client)


def answered_twice(traffic):
    host, question = traffic.host(), traffic.maker.question()
    yield _udp(host, traffic.maker.query(question), True)
    response = _udp(host, traffic.maker.response(question), False)
    yield response
    yield response


def asked_after_the_answer(traffic):
    host, question = traffic.host(), traffic.maker.question()
    for _ in range(2):
        yield _udp(host, traffic.maker.query(question), True)
        yield _udp(host, traffic.maker.response(question), False)
    yield _udp(host, traffic.maker.query(question), True)


def in_another_case(traffic):
    """As resolvers mix it, and servers that change it back."""
    host, (number, _, kind, klass) = traffic.host(), traffic.maker.question()
    asked, answered = (b"wWw", b"eXample"), (b"www", b"example")
    yield _udp(host, traffic.maker.query((number, asked, kind, klass)), True)
    yield _udp(host, traffic.maker.response((number, answered, kind, klass)), False)


def guessed(traffic):
    """A response to another question comes first."""
    host, question = traffic.host(), traffic.maker.question()
    number, _, kind, klass = question
    yield _udp(host, traffic.maker.query(question), True)
    yield _udp(host, traffic.maker.response((number, (b"guessed", b"e2e"), kind, klass)), False)
    yield _udp(host, traffic.maker.response(question), False)


def same_identifier(traffic):
    """Two questions at once."""
    host, question = traffic.host(), traffic.maker.question()
    number, _, kind, klass = question
    other = (number, (b"other", b"e2e"), kind, klass)
    for one in question, other:
        yield _udp(host, traffic.maker.query(one), True)
    for one in other, question:
        yield _udp(host, traffic.maker.response(one), False)


def late(traffic):
    host, question = traffic.host(), traffic.maker.question()
    yield _udp(host, traffic.maker.query(question), True)
    traffic.now_ns += PATIENCE_NS
    yield _udp(host, traffic.maker.response(question), False)


def asked_in_vain(traffic):
    """Twice, so far apart that the second one is a query of its own."""
    query = _udp(traffic.host(), traffic.maker.query(), True)
    yield query
    traffic.now_ns += PATIENCE_NS
    yield query


class Generated(TransactionComparison):

    def test_mix(self):
        """In the order of one file, and over the borders of many."""
        path = self.path("mix.pcap")
        whole = Traffic(11).mix(800, WHOLE).packets
        write_packets(path, whole, nanoseconds=True)
        ours = self.compare_transactions(path)
        self.assertGreater(sum(row["state"] == "answered" for row in ours), 400)
        pieces = []
        for begin in range(0, len(whole), 100):
            pieces.append(self.path(f"piece-{begin:05}.pcap"))
            write_packets(pieces[-1], whole[begin:begin + 100], nanoseconds=True)
        self.assertEqual(self.compare_transactions(path, *pieces), ours)

    def test_odd(self):
        """What clients, servers and others do beside asking once and answering once."""
        path = self.path("odd.pcap")
        kinds = ((Traffic.questions, 4), (answered_twice, 2), (asked_after_the_answer, 2),
                 (in_another_case, 1), (guessed, 1), (same_identifier, 1), (late, 1),
                 (asked_in_vain, 1))
        write_packets(path, Traffic(12).mix(300, kinds).packets)
        self.compare_transactions(path)
        live_only = {"messages of a zone transfer"}
        self.assertEqual(sorted(set(TRANSACTION_DIFFERENCES) - set(self.seen) - live_only), [],
                         "no longer differ")
