"""Interfaces go down, vanish and come back: the capture goes on."""
import json
import time

from lab.case import LabCase
from lab.ledger import Ledgers
from lab.namespace import connect
from lab.waiting import wait_until


class LinkChanges(LabCase):

    def send_from(self, first, count):
        self.send(self.left, "10.53.0.99", "--count", str(count), "--first", str(first))

    def bring_up(self):
        """Until packets arrive, which a carrier that has just come may delay."""
        for namespace, name in ((self.left, "peer0"), (self.right, "dns0")):
            namespace.ip("link", "set", name, "up")
        self.wait_for_carrier_and_neighbour(self.right)

    def wait_for_carrier_and_neighbour(self, there):
        wait_until(lambda: "LOWER_UP" in self.left.ip("link", "show", "peer0"), "the carrier")
        # Permanent neighbours go with the link.
        other = there.hardware_address("dns0")
        self.left.ip("neighbour", "replace", "10.53.0.99", "lladdr", other, "dev", "peer0",
                     "nud", "permanent")

    def test_down_and_up(self):
        self.make_pair()
        monitor = self.capture(self.right, "dns0")
        for number in range(3):
            self.send_from(100 * number, 100)
            self.right.ip("link", "set", "dns0", "down")
            monitor.wait_for(r"dns0 is down$", number + 1)
            self.bring_up()
            monitor.wait_for(r"dns0 is up$", number + 1)
        self.send_from(300, 100)
        self.assertEqual(monitor.finish().captured, 400)
        self.assert_whole(self.check_numbered(monitor.files(), 1, [400]))

    def test_started_while_down(self):
        self.make_pair()
        self.right.ip("link", "set", "dns0", "down")
        monitor = self.capture(self.right, "dns0")
        self.bring_up()
        monitor.wait_for(r"dns0 is up$")
        self.send_from(0, 100)
        self.assertEqual(monitor.finish().captured, 100)
        self.assert_whole(self.check_numbered(monitor.files(), 1, [100]))

    def test_started_while_down_with_a_filter(self):
        """libpcap activates no interface that is down, but its filter is wanted all the same."""
        self.make_pair()
        self.right.ip("link", "set", "dns0", "down")
        monitor = self.capture(self.right, "dns0", "--filter", "host 10.53.0.99 and not vlan")
        self.bring_up()
        monitor.wait_for(r"dns0 is up$")
        self.send_from(0, 100)
        self.assertEqual(monitor.finish().captured, 100)
        self.assert_whole(self.check_numbered(monitor.files(), 1, [100]))

    def test_removed_and_made_again(self):
        self.make_pair()
        monitor = self.capture(self.right, "dns0")
        for number in range(3):
            self.send_from(100 * number, 100)
            self.right.ip("link", "delete", "dns0")
            monitor.wait_for(r"dns0 is gone", number + 1)
            # Others in between, so that the index is another one.
            self.right.ip("link", "add", f"other{number}", "type", "veth", "peer", "name",
                          f"its-peer{number}")
            connect(self.left, self.right)
            self.left.ip("address", "add", "10.53.0.1/24", "dev", "peer0")
            self.bring_up()
            monitor.wait_for(r"dns0 is there again", number + 1)
            # Promiscuous again, as it was.
            self.assertIn("promiscuity 1", self.right.ip("-d", "link", "show", "dns0"))
        self.send_from(300, 100)
        self.assertEqual(monitor.finish().captured, 400)
        self.assert_whole(self.check_numbered(monitor.files(), 1, [400]))

    def test_moved_to_another_namespace_and_back(self):
        """Gone for whoever looks from here, though it lives on; there again, it is captured."""
        self.make_pair()
        elsewhere = self.make_namespace()
        monitor = self.capture(self.right, "dns0")
        rounds = 3
        for number in range(rounds):
            self.send_from(100 * number, 100)
            monitor.wait_for_packets(100 * (number + 1))
            self.right.ip("link", "set", "dns0", "netns", elsewhere.name)
            monitor.wait_for(r"dns0 is gone; waiting for its return$", number + 1)
            self.assertIn("promiscuity 0", elsewhere.ip("-d", "link", "show", "dns0"))
            # What passes it there is nobody's here.
            elsewhere.ip("link", "set", "dns0", "up")
            self.wait_for_carrier_and_neighbour(elsewhere)
            before = elsewhere.statistic("dns0", "rx_packets")
            self.send_from(1000000, 50)
            wait_until(lambda: elsewhere.statistic("dns0", "rx_packets") >= before + 50,
                       "the packets elsewhere")

            elsewhere.ip("link", "set", "dns0", "netns", self.right.name)
            returned = time.monotonic()
            monitor.wait_for(r"dns0 is there again: capturing$", number + 1)
            self.assertLess(time.monotonic() - returned, 1)
            self.assertIn("promiscuity 1", self.right.ip("-d", "link", "show", "dns0"))
            self.bring_up()
        self.send_from(100 * rounds, 100)
        summary = monitor.finish()
        self.assertEqual((summary.captured, summary.lost), (100 * (rounds + 1), 0))
        self.assert_whole(self.check_numbered(monitor.files(), 1, [100 * (rounds + 1)]))
        ledgers = Ledgers(monitor.files())
        ledgers.check()
        gone = ledgers.gaps("interface_gone")
        self.assertEqual(len(gone), rounds)
        for gap in gone:
            self.assertLess(gap["from"], gap["to"])

    def test_made_again_under_the_same_index_unseen(self):
        """Even when rtnetlink had to drop what it would have told."""
        self.make_pair()
        monitor = self.capture(self.right, "dns0")
        self.send_from(0, 100)
        monitor.wait_for_packets(100)
        index = json.loads(self.right.ip("-j", "link", "show", "dns0"))[0]["ifindex"]
        monitor.pause()
        self.right.ip("link", "delete", "dns0")
        path = self.path("batch")
        with open(path, "w", encoding="ascii") as batch:
            for number in range(150):
                batch.write(f"link add x{number} type veth peer name y{number}\n"
                            f"link delete x{number}\n")
        self.right.ip("-batch", path)
        connect(self.left, self.right, right_options=("index", index))
        self.left.ip("address", "add", "10.53.0.1/24", "dev", "peer0")
        monitor.resume()
        self.bring_up()
        monitor.wait_for(r"dns0 is there again")
        self.assertIn("promiscuity 1", self.right.ip("-d", "link", "show", "dns0"))
        self.send_from(100, 100)
        self.assertEqual(monitor.finish().captured, 200)
        self.assert_whole(self.check_numbered(monitor.files(), 1, [200]))

    def test_renamed(self):
        """The link is captured on, until there is another one of its name."""
        self.make_pair()
        monitor = self.capture(self.right, "dns0")
        self.send_from(0, 100)
        self.right.ip("link", "set", "dns0", "name", "wan0")
        monitor.wait_for(r"dns0 has another name now")
        self.send_from(100, 100)
        self.right.ip("link", "set", "wan0", "name", "dns0")
        monitor.wait_for(r"dns0 has its name again")
        self.send_from(200, 100)
        monitor.wait_for_packets(300)

        self.right.ip("link", "set", "dns0", "name", "wan0")
        monitor.wait_for(r"dns0 has another name now", 2)
        self.right.ip("link", "add", "dns0", "type", "veth", "peer", "name", "other")
        monitor.wait_for(r"dns0 is there again")
        self.assertIn("promiscuity 1", self.right.ip("-d", "link", "show", "dns0"))
        self.assertIn("promiscuity 0", self.right.ip("-d", "link", "show", "wan0"))
        self.send_from(300, 100)
        self.assertEqual(monitor.finish().captured, 300)

    def test_a_bridge_port_that_leaves(self):
        """The kernel tells of it as of a removal, but of the bridge's."""
        self.make_pair()
        self.right.ip("link", "add", "br0", "type", "bridge")
        self.right.ip("link", "set", "dns0", "master", "br0")
        monitor = self.capture(self.right, "dns0")
        self.send_from(0, 100)
        self.right.ip("link", "set", "dns0", "nomaster")
        self.right.ip("link", "set", "dns0", "down")
        monitor.wait_for(r"dns0 is down")
        self.assertNotIn("gone", monitor.errors())
        self.assertEqual(monitor.finish().captured, 100)

    def test_ends_well_while_gone(self):
        self.make_pair()
        monitor = self.capture(self.right, "dns0")
        self.send_from(0, 100)
        self.right.ip("link", "delete", "dns0")
        monitor.wait_for(r"dns0 is gone")
        self.assertEqual(monitor.finish().captured, 100)

    def test_comes_back_with_another_link_type(self):
        """One file has one link type: such an interface is told and left alone."""
        self.make_pair()
        monitor = self.capture(self.right, "dns0")
        self.send_from(0, 100)
        self.right.ip("link", "delete", "dns0")
        monitor.wait_for(r"dns0 is gone")
        tun = self.make_tun(self.right, "dns0")
        monitor.wait_for(r"another link type")
        for number in range(3):  # news of others do not repeat it
            self.right.ip("link", "add", f"x{number}", "type", "veth", "peer", "name", f"y{number}")
        tun.close()
        connect(self.left, self.right)
        self.left.ip("address", "add", "10.53.0.1/24", "dev", "peer0")
        self.bring_up()
        monitor.wait_for(r"dns0 is there again")
        self.assertEqual(monitor.errors().count("another link type"), 1)
        self.send_from(100, 100)
        self.assertEqual(monitor.finish().captured, 200)
        self.assert_whole(self.check_numbered(monitor.files(), 1, [200]))
