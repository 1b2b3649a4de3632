"""What servers have beside the zones of servers.py, and what they are asked."""

# Of every type that has a form of its own, and of one that has none.
RECORDS = r"""
cname IN CNAME www
mail IN MX 10 www
mail IN MX 20 mx.elsewhere.
text IN TXT "one string" "a \"second\" \\ one" ""
_sip._udp IN SRV 1 2 5060 www
naptr IN NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:a@b!" .
caa IN CAA 0 issue "ca.example"
host IN HINFO "PC" "Linux"
rp IN RP hostmaster text
ds IN DS 60485 8 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A
ds IN NS ns
key IN DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ==
ssh IN SSHFP 4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789
_443._tcp IN TLSA 3 1 1 92003BA34942DC74152E2F2C408D29ECA5A520E7F2E06BB944F4DCA346BAF63C
loc IN LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
unknown IN TYPE65280 \# 3 010203
1 IN PTR www
mapped IN AAAA ::ffff:192.0.2.9
upper\.dot IN A 192.0.2.2
tab\009\127 IN A 192.0.2.3
*.wild IN A 192.0.2.4
"""
QUESTIONS = (
    "www A", "www AAAA", "WwW A", "cname A", "mail MX", "text TXT", "_sip._udp SRV", "naptr NAPTR",
    "caa CAA", "host HINFO", "rp RP", "ds DS", "key DNSKEY", "ssh SSHFP", "_443._tcp TLSA",
    "loc LOC", "unknown TYPE65280", "1 PTR", "mapped AAAA", "a.b.wild A", "none A", "www ANY",
    "upper\\.dot A", "tab\\009\\127 A")
DIG = (
    [], ["+noedns"], ["+dnssec"], ["+bufsize=4096", "+nsid"], ["+tcp"],
    ["+tcp", "+dnssec", "+nsid"],
    ["+subnet=192.0.2.0/24"], ["+subnet=2001:db8::/56"], ["+cookie=0123456789abcdef"], ["+cdflag"],
    ["+adflag", "+norecurse"], ["+padding=128"], ["+edns=1", "+noednsneg"], ["+ednsflags=0x40"],
    ["+ednsopt=65001:6869"], ["+opcode=notify"], ["+header-only"], ["+keepalive", "+tcp"])
