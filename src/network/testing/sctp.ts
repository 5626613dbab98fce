import { execFileSync } from "node:child_process"

/**
 * SCTP for tests, on kernels without it, too: packet filters and connection tracking know the protocol whether or not there
 * are sockets for it. A raw socket sends the first packet of an association (INIT) and waits for the second (INIT ACK);
 * Node.js has none, but every Debian has perl.
 */
export const sctpProgram = String.raw`
use strict; use Socket; use IO::Select;
my ($task, $address, $port, $timeout_ms) = @ARGV;
socket(my $socket, PF_INET, SOCK_RAW, 132) or die "no raw socket: $!";
my @crc = map { my $c = $_; for (1 .. 8) { $c = $c & 1 ? 0x82f63b78 ^ ($c >> 1) : $c >> 1 } $c } 0 .. 255;
sub checksum { my $c = 0xffffffff; $c = $crc[($c ^ $_) & 255] ^ ($c >> 8) for unpack("C*", shift); $c ^ 0xffffffff }
sub send_packet { my ($to, $from_port, $to_port, $tag, $type) = @_;
  my $chunk = pack("CCnNNnnN", $type, 0, 20, 4711, 65536, 1, 1, 1);
  my $sum = checksum(pack("nnNN", $from_port, $to_port, $tag, 0) . $chunk);
  send($socket, pack("nnN", $from_port, $to_port, $tag) . pack("V", $sum) . $chunk, 0, pack_sockaddr_in(0, $to)) }
sub receive { my $from = recv($socket, my $packet, 2048, 0) or return;
  my $rest = substr($packet, 4 * (ord($packet) & 15));
  my ($from_port, $to_port, $tag, undef, $type) = unpack("nnNNC", $rest);
  return ((unpack_sockaddr_in($from))[1], $from_port, $to_port, $tag, $type, unpack("N", substr($rest, 16, 4))) }
if ($task eq "serve") {
  my %ports = map { $_ => 1 } split(/,/, $port);
  bind($socket, pack_sockaddr_in(0, inet_aton($address))) or die "$address: $!";
  $| = 1; print "serving\n";
  while (1) { my ($from, $from_port, $to_port, $tag, $type, $their_tag) = receive() or next;
    send_packet($from, $to_port, $from_port, $their_tag, 2) if $type == 1 && $ports{$to_port} } }
my $own_port = 20000 + int(rand(40000));
send_packet(inet_aton($address), $own_port, $port, 0, 1);
my $end = time + $timeout_ms / 1000 + 1;
while (IO::Select->new($socket)->can_read($timeout_ms / 1000)) {
  my ($from, $from_port, $to_port, $tag, $type) = receive() or last;
  if ($from_port == $port && $to_port == $own_port && $type == 2) { print "sctp"; exit }
  last if time > $end }
print "error: timeout";
`

/** Why tests cannot send SCTP here; undefined when they can. */
export function whyNoSctp(): string | undefined {
  try {
    execFileSync("perl", ["-MSocket", "-MIO::Select", "-e", "1"], { stdio: "ignore" })
    return undefined
  } catch {
    return "SCTP needs perl for raw sockets"
  }
}
