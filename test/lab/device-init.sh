#!/bin/sh
# What a device of the lab does by itself. `boot FOLDER` is the first process of its namespaces; the other words are
# for a shell in them: `engine-start`, `engine-stop SIGNAL`.
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH HOME=/root LANG=C.UTF-8

# The folder is bound first: what is mounted next may hide where it lies.
private_places() {
  mount -t tmpfs -o mode=0755 tmpfs /run
  mkdir -p /run/device /run/lock /run/sshd
  mount --bind "$1" /run/device
  mount -t tmpfs -o mode=0755 tmpfs /mnt
  mkdir /mnt/data /mnt/boot
  cp /run/device/etc/config.json /mnt/boot/
  if [ -e /run/device/disk.img ]; then
    mount -o loop /run/device/disk.img /mnt/data
  else
    mount --bind /run/device/data /mnt/data
  fi
  mkdir -p /mnt/data/docker /var/lib/docker
  mount --bind /mnt/data/docker /var/lib/docker
  mount --bind /run/device/tmp /tmp
  mount --bind /run/device/root /root
  # The engine's names on balenaOS.
  mount --bind /run/device/bin /usr/local/bin
  for each in passwd shadow; do mount --bind "/run/device/etc/$each" "/etc/$each"; done
}

engine_pid() { cat /run/docker.pid 2>/dev/null || :; }

engine_start() {
  # One that was killed leaves its pid file behind, and its containerd, which would answer for the dead engine.
  if [ -n "$(engine_pid)" ] && ! kill -0 "$(engine_pid)" 2>/dev/null; then
    kill -9 "$(cat /run/docker/containerd/containerd.pid 2>/dev/null || echo 0)" 2>/dev/null || :
    rm -f /run/docker.pid
  fi
  setsid dockerd --config-file /run/device/etc/daemon.json </dev/null >>/run/device/engine.log 2>&1 &
}

engine_stop() {
  pid=$(engine_pid)
  [ -n "$pid" ] || return 0
  kill -"$1" "$pid" 2>/dev/null || return 0
  while kill -0 "$pid" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null; do sleep 0.1; done
}

case $1 in
  boot)
    hostname "$(cat "$2/hostname")"
    private_places "$2"
    engine_start
    /usr/sbin/sshd -f /run/device/etc/sshd_config -E /run/device/sshd.log
    : > /run/booted
    # As the first process it also takes in what has lost its parent.
    while :; do sleep infinity; done
    ;;
  engine-start) engine_start ;;
  engine-stop) engine_stop "$2" ;;
esac
