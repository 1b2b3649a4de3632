"""The ledgers beside finished segments, held against each other and against the files."""
import hashlib
import json
import os

import jsonschema

from .pcap import read_pcap

_SCHEMA = os.path.join(os.path.dirname(__file__), "..", "..", "..", "docs", "ledger.schema.json")


class Ledgers:
    """Of one capture's finished files, oldest first."""

    def __init__(self, files):
        with open(_SCHEMA, encoding="utf-8") as schema:
            validator = jsonschema.Draft202012Validator(json.load(schema))
        self.files = files
        self.texts = []
        for path in files:
            with open(path + ".json", "rb") as file:
                self.texts.append(file.read())
        self.all = [json.loads(text) for text in self.texts]
        for ledger in self.all:
            validator.validate(ledger)

    def sum(self, *path):
        def value(ledger):
            for key in path:
                ledger = ledger[key]
            return ledger if isinstance(ledger, int) else sum(ledger.values())
        return sum(value(ledger["balance"]) for ledger in self.all)

    def gaps(self, reason=None):
        return [gap for ledger in self.all for gap in ledger["gaps"]
                if reason in (None, gap["reason"])]

    def losses(self):
        return [loss for ledger in self.all for loss in ledger["losses"]]

    def check_balance(self):
        """matched = written + lost + change of in_ring, in each; one's end is the next one's begin."""
        in_ring = 0
        for ledger in self.all:
            balance = ledger["balance"]
            assert balance["seen"] == (balance["not_dns"] + balance["filtered_by_user"]
                                       + sum(balance["undecided"].values())
                                       + balance["matched"]), balance
            assert balance["in_ring_begin"] == in_ring, balance
            in_ring = balance["in_ring_end"]
            assert balance["matched"] == (balance["written"] + sum(balance["lost"].values())
                                          + in_ring - balance["in_ring_begin"]), balance
        assert in_ring == 0, "left in the rings at the end"

    def check_chain(self, first=1):
        for number, ledger in enumerate(self.all):
            assert ledger["sequence"] == first + number, ledger
            assert ledger["file_name"] == os.path.basename(self.files[number]), ledger
            if number == 0:
                continue
            assert ledger["previous"] == {
                "file_name": os.path.basename(self.files[number - 1]) + ".json",
                "sha256": hashlib.sha256(self.texts[number - 1]).hexdigest()}, ledger

    def check_files(self):
        for path, ledger in zip(self.files, self.all):
            packets = read_pcap(path).packets
            size = ledger.get("compression", {}).get("stored_bytes", ledger["length_bytes"])
            assert size == os.path.getsize(path), path
            assert ledger["balance"]["written"] == len(packets), path
            if not ledger["damaged"]:  # else of whole stretches only
                assert sum(entry["packets"] for entry in ledger["index"]) == len(packets), path

    def check(self):
        self.check_balance()
        self.check_chain()
        self.check_files()
