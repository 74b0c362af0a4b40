/**
 * `$0` = runtime folder, `$1` = tag, `$2` = MTU, then prefixes `a.b.c` to try; prints the one it took.
 * A prefix is free when no route but the default one touches it, which covers addresses too.
 */
export const CREATE = `
tag=$1 mtu=$2
shift 2
taken() {
  [ -n "$(ip -4 route show table all root "$1.0/24"; ip -4 route show table all match "$1.0/24" | grep -v '^default')" ]
}
prefix=
for each in "$@"; do
  if ! taken "$each"; then prefix=$each; break; fi
done
[ -n "$prefix" ] || { echo 'no free subnet in 10.64.0.0/10' >&2; exit 1; }
ip link add name "$tag" mtu "$mtu" type bridge forward_delay 0
ip address add "$prefix.1/24" dev "$tag"
ip link set dev "$tag" up
[ -e "$0/ip_forward" ] || cat /proc/sys/net/ipv4/ip_forward > "$0/ip_forward"
echo 1 > /proc/sys/net/ipv4/ip_forward
# In front: another engine's rules on this machine may refuse all that it does not know.
iptables -w -t nat -I POSTROUTING -s "$prefix.0/24" ! -d "$prefix.0/24" -m comment --comment "$tag" -j MASQUERADE
iptables -w -I FORWARD -i "$tag" -m comment --comment "$tag" -j ACCEPT
iptables -w -I FORWARD -o "$tag" -m comment --comment "$tag" -j ACCEPT
iptables -w -I INPUT -i "$tag" -m comment --comment "$tag" -j ACCEPT
printf '%s\\n' "$prefix"
`;

/** `$1` = bridge, `$2` = namespace, `$3` = link, `$4` = address, `$5` = gateway, `$6` = MTU. */
export const LINK_NODE = `
ip netns add "$2"
ip link add name "$3" mtu "$6" type veth peer name eth0 mtu "$6" netns "$2"
ip -netns "$2" link set dev lo up
ip -netns "$2" address add "$4/24" dev eth0
ip -netns "$2" link set dev eth0 up
ip link set dev "$3" master "$1" up
ip -netns "$2" route add default via "$5"
`;

/** `$0` = runtime folder, `$1` = tag. Forwarding goes back to what it was with the last lab. */
export const CLEAR = `
unrule() {
  iptables -w -t "$1" -S "$2" | grep -e "--comment $tag " | sed 's/^-A/-D/' | while read -r rule; do
    # The rule is split into its words on purpose.
    iptables -w -t "$1" $rule
  done
}
tag=$1
unrule nat POSTROUTING
unrule filter FORWARD
unrule filter INPUT
for link in $(ip -o link show | sed -n "s/^[0-9]*: \\($tag\\(n[0-9]*\\)\\{0,1\\}\\)[@:].*/\\1/p"); do
  ip link delete dev "$link" 2>/dev/null || :
done
for namespace in $(ip netns list | sed -n "s/^\\($tag-[a-z0-9-]*\\).*/\\1/p"); do
  ip netns delete "$namespace" 2>/dev/null || :
done
if [ -e "$0/ip_forward" ] && [ -z "$(ip -o link show type bridge | grep '^[0-9]*: bb-')" ]; then
  cat "$0/ip_forward" > /proc/sys/net/ipv4/ip_forward
  rm -f "$0/ip_forward"
fi
`;
