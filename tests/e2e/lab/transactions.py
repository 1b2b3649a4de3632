"""Holds `transactions` against what tshark tells of queries and their responses."""
from .comparison import Comparison, Pair
from .differences import DIFFERENCES, Difference
from .query import rows
from .tshark import read_messages

PATIENCE_NS = 30_000_000_000

_FIELDS = ("time_ns", "response_ns", "latency_ns", "state", "transport", "qname", "qtype_name",
           "retries", "query_size", "tc", "answer_count", "response_size")


def read_ours(*paths):
    found = rows("select epoch_ns(time) as time_ns, epoch_ns(response_time) as response_ns, "
                 "* exclude (time, response_time) from transactions", *paths)
    for row in found:
        latency_ms = row.pop("latency_ms")
        row["latency_ns"] = None if latency_ms is None else round(latency_ms * 1e6)
    return found


def _ends(message):
    """Who asks, whom; how, and by what number."""
    source, destination = ((message[side + "_addr"], message[side + "_port"])
                           for side in ("src", "dst"))
    client, server = (destination, source) if message["qr"] else (source, destination)
    return (*client, *server, message["transport"], message["msg_id"])


def _question(message):
    return (message.get("qname") or "").lower(), message.get("qtype_name")


def of_tshark(messages):
    """A dict for each query, and for each response that tshark has no query of."""
    found, by_query, by_response = [], {}, {}
    for message in messages:
        ends = _ends(message)
        if not message["qr"]:
            row = {"ends": ends, "state": "unanswered", "time_ns": message["time_ns"],
                   "qname": message.get("qname"), "qtype_name": message.get("qtype_name"),
                   "query_size": message["msg_size"], "retries": 0,
                   "transport": message["transport"]}
            if message["repeats"] is None:
                by_query[(message["frame"], ends)] = row
                found.append(row)
                continue
            query = by_query[(message["repeats"], ends)]
            if _question(query) == _question(row):
                query["retries"] += 1
            else:
                found.append({**row, "state": "taken for another", "query": query})
            continue
        of_response = {"response_ns": message["time_ns"], "response_size": message["msg_size"],
                       "tc": message["tc"], "answer_count": message["an_count"],
                       "question_of_response": _question(message),
                       "latency_ns": message["latency_ns"]}
        query = by_query.get((message["response_to"], ends)) \
            or by_response.get((message["repeats"], ends))
        if query is not None and query["state"] == "unanswered":
            query.update(of_response, state="answered")
            by_response[(message["frame"], ends)] = query
            continue
        found.append({**of_response, "ends": ends, "state": "unasked" if query is None else "again",
                      "latency_ns": None, "transport": message["transport"], "retries": 0,
                      "qname": message.get("qname"), "qtype_name": message.get("qtype_name"),
                      "query": query})
    return found


def pair_up(ours, theirs):
    """By the query, or where we have none, by the response."""
    def keys(row, ends):
        return [(name, row[name], ends) for name in ("time_ns", "response_ns")
                if row.get(name) is not None]
    left = {}
    for row in theirs:
        for key in keys(row, row["ends"]):
            left[key] = row
    pairs, met = [], set()
    for row in ours:
        ends = tuple(row[name] for name in ("client_addr", "client_port", "server_addr",
                                            "server_port", "transport", "msg_id"))
        other = left.get(keys(row, ends)[0])
        met.add(id(other))
        pairs.append(Pair(row, other))
    return pairs + [Pair(None, row) for row in theirs if id(row) not in met]


def _answers_other(theirs):
    """Whether tshark's response to the query has another question."""
    query = theirs.get("query") or theirs
    return query["state"] == "answered" and _question(query) != query["question_of_response"]


TRANSACTION_DIFFERENCES = {
    "octets of names": DIFFERENCES["octets of names"],
    "queries that share an identifier": Difference(
        "A client may ask two things with one identifier: for tshark the second is the first one "
        "again.",
        lambda pair, *_: pair.theirs is not None
        and pair.theirs["state"] == "taken for another"),
    "responses that come again": Difference(
        "tshark knows the query of the one before; we have a query once, so nobody asked for more.",
        lambda pair, field, ours, theirs: (field, ours, theirs) == ("state", "unasked", "again")),
    "messages of a zone transfer": Difference(
        "For tshark each is a response to the query; for us the first one is, and the others are "
        "in no row.",
        lambda pair, field, ours, theirs: field == "transaction" and ours is None
        and theirs["state"] == "again" and theirs["query"]["qtype_name"] in ("AXFR", "IXFR")),
    "late responses": Difference(
        "tshark waits for ever, we for 30 s.",
        lambda pair, *_: pair.ours is not None and pair.theirs is not None
        and pair.ours["state"] in ("unanswered", "unasked")
        and pair.theirs["state"] == "answered" and pair.theirs["latency_ns"] > PATIENCE_NS),
    "responses to other questions": Difference(
        "tshark joins by addresses, ports and identifier; we want the same question, too, so that "
        "a guess at an identifier answers nothing.",
        lambda pair, *_: pair.theirs is not None and _answers_other(pair.theirs)),
}


class TransactionComparison(Comparison):

    def compare_all(self, path):
        """Messages and transactions; returns our rows of both."""
        pairs = self.compare(path)
        messages = sorted((pair.theirs for pair in pairs if pair.theirs is not None),
                          key=lambda message: message["frame"])
        return ([pair.ours for pair in pairs if pair.ours is not None],
                self.compare_transactions(path, messages=messages))

    def compare_transactions(self, whole, *pieces, messages=None):
        """tshark reads `whole`; we read that, or the pieces of it. Returns our rows."""
        messages = read_messages(whole) if messages is None else messages
        theirs = of_tshark([message for message in messages if not message["icmp"]
                            and 53 in (message["src_port"], message["dst_port"])])
        ours = read_ours(*(pieces or (whole,)))
        self.explain(pair_up(ours, theirs), self.differing_transactions, TRANSACTION_DIFFERENCES)
        return ours

    @staticmethod
    def differing_transactions(pair):
        ours, theirs = pair
        if ours is None or theirs is None:
            yield "transaction", ours, theirs
            return
        for field in _FIELDS:
            if ours[field] != theirs.get(field):
                yield field, ours[field], theirs.get(field)
