#!/bin/sh
# Says what is missing for `make test-arm64` on this machine, and fails then. It installs nothing.
missing=
# Debian dropped the suffix once its qemu-user was static itself.
qemu-aarch64-static --version >/dev/null 2>&1 || qemu-aarch64 --version >/dev/null 2>&1 || missing="$missing
  qemu-aarch64-static or qemu-aarch64: Debian's and Ubuntu's package qemu-user-static, newer ones' qemu-user"
[ -e /usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1 ] || missing="$missing
  glibc for arm64: their package libc6-arm64-cross"
[ -d "$(rustc --print sysroot)/lib/rustlib/aarch64-unknown-linux-gnu" ] || missing="$missing
  the Rust target: rustup target add aarch64-unknown-linux-gnu, or their package libstd-rust-dev:arm64"
[ -z "$missing" ] || { echo "arm64 was NOT tested. Missing:$missing" >&2; exit 1; }
