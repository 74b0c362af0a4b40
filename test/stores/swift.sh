#!/bin/sh
# OpenStack Swift with one copy of everything on one disk, and its own authentication. As OVH's archive does, it has a storage
# policy that is called PCA.
set -eu
user=keeper
mkdir -p /etc/swift /srv/swift/disk /run/swift /var/cache/swift
chown -R swift:swift /srv/swift /run/swift /var/cache/swift
cd /etc/swift
cat >swift.conf <<END
[swift-hash]
swift_hash_path_suffix = stores
swift_hash_path_prefix = stores
[storage-policy:0]
name = PCA
default = yes
END
printf '[DEFAULT]\n' >internal-client.conf
for each in account:6202 container:6201 object:6200; do
  name=${each%:*} port=${each#*:}
  swift-ring-builder "$name.builder" create 4 1 1 >/dev/null
  swift-ring-builder "$name.builder" add "r1z1-127.0.0.1:$port/disk" 1 >/dev/null
  swift-ring-builder "$name.builder" rebalance >/dev/null
  cat >"$name-server.conf" <<END
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $port
workers = 0
user = swift
devices = /srv/swift
mount_check = false
[pipeline:main]
pipeline = $name-server
[app:$name-server]
use = egg:swift#$name
END
done
cat >proxy-server.conf <<END
[DEFAULT]
bind_ip = 0.0.0.0
bind_port = 8080
workers = 0
user = swift
[pipeline:main]
pipeline = catch_errors cache tempauth dlo slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_$user = $STORE_PASSWORD .admin
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:11211
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:dlo]
use = egg:swift#dlo
[filter:slo]
use = egg:swift#slo
END
chown -R swift:swift /etc/swift
memcached -u nobody -l 127.0.0.1 -m 16 -d
for each in account container object proxy; do
  "swift-$each-server" "/etc/swift/$each-server.conf" >"/var/log/swift-$each.log" 2>&1 &
done
