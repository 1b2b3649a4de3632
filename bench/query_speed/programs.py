"""Who answers, what each is called with for a question, and what a run of it took."""
import dataclasses
import os
import subprocess
import threading
import time

from measure.process import start
from measure.refusal import Refusal


@dataclasses.dataclass(frozen=True)
class Question:
    """`floors`: how many times the floor PacketQ 1.7.3 was measured at, by wall, on one thread.

    `wall` and `cpu`: the parts of that which are wanted of us.
    """
    name: str
    sql: str
    tshark: tuple
    floors: float
    wall: float = 0.1
    cpu: float = 0.2


# tshark has no sums: it prints what they would be made of.
QUESTIONS = (
    Question("count(*)", "select count(*) as count from dns",
             ("-Y", "dns", "-T", "fields", "-e", "frame.number"), 11),
    Question("top names",
             "select qname, count(*) as count from dns group by qname order by count desc limit 10",
             ("-Y", "dns", "-T", "fields", "-e", "dns.qry.name"), 27),
    Question("filter",
             "select src_addr, qname, qtype, rcode from dns"
             " where qtype = 28 and rcode = 0 and protocol = 17",
             ("-Y", "dns.qry.type == 28 && dns.flags.rcode == 0 && udp", "-T", "fields",
              "-e", "ip.src", "-e", "dns.qry.name", "-e", "dns.qry.type", "-e", "dns.flags.rcode"),
             21),
    Question("select *", "select * from dns", ("-Y", "dns", "-T", "ek"), 109, wall=0.2),
)


@dataclasses.dataclass(frozen=True)
class Program:
    label: str
    role: str  # ours, reference (the floor) or peer
    path: str
    threads: int = 1

    def command(self, question, files):
        if self.role == "reference":
            return [self.path, *files]
        if self.label == "tshark":
            return [self.path, "-n", "-r", files[0], *question.tshark]
        if self.label == "packetq":
            return [self.path, "--json", "--select", question.sql, *files]
        return [self.path, "query", "--json", f"--threads={self.threads}", question.sql, *files]


def run(command, output=subprocess.DEVNULL, seconds=1800):
    """{wall, cpu (seconds, of all threads), peak (MiB, resident)} from its start to its end."""
    began = time.monotonic()
    process = start(command, stdout=output, stderr=subprocess.PIPE)
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        with process.stderr:
            errors = process.stderr.read().decode(errors="replace")
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        timer.cancel()
    if process.returncode != 0:
        raise Refusal(f"{' '.join(map(str, command))}: exit status {process.returncode}: "
                      f"{' '.join(errors.split())[-300:]}")
    return {"wall": time.monotonic() - began, "cpu": used.ru_utime + used.ru_stime,
            "peak": used.ru_maxrss / 1024}
